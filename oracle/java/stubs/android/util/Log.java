package android.util;

/** Android's goes to logd through JNI. The library's own words are no part of its answers. */
public class Log {
    Log() {}

    public static int v(String tag, String message) { return 0; }

    public static int v(String tag, String message, Throwable cause) { return 0; }

    public static int d(String tag, String message) { return 0; }

    public static int d(String tag, String message, Throwable cause) { return 0; }

    public static int i(String tag, String message) { return 0; }

    public static int i(String tag, String message, Throwable cause) { return 0; }

    public static int w(String tag, String message) { return 0; }

    public static int w(String tag, String message, Throwable cause) { return 0; }

    public static int w(String tag, Throwable cause) { return 0; }

    public static int e(String tag, String message) { return 0; }

    public static int e(String tag, String message, Throwable cause) { return 0; }

    public static int wtf(String tag, String message) { return 0; }

    public static int wtf(String tag, String message, Throwable cause) { return 0; }

    public static int wtfStack(String tag, String message) { return 0; }

    public static int wtf(String tag, Throwable cause) { return 0; }

    public static boolean isLoggable(String tag, int level) { return false; }
}
