package android.os;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Android's asks init through JNI; these are said by the case that runs. */
public final class SystemProperties {
    public static final Map<String, String> VALUES = new ConcurrentHashMap<>();

    private SystemProperties() {}

    public static String get(String key) { return get(key, ""); }

    public static String get(String key, String fallback) { return VALUES.getOrDefault(key, fallback); }

    public static boolean getBoolean(String key, boolean fallback) {
        String value = VALUES.get(key);
        return value == null ? fallback : value.equals("true") || value.equals("1");
    }

    public static int getInt(String key, int fallback) {
        String value = VALUES.get(key);
        return value == null ? fallback : Integer.parseInt(value);
    }

    public static long getLong(String key, long fallback) {
        String value = VALUES.get(key);
        return value == null ? fallback : Long.parseLong(value);
    }

    public static void set(String key, String value) { VALUES.put(key, value); }

    public static void addChangeCallback(Runnable callback) {}
}
