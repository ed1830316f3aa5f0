import android.content.Context;
import android.os.PersistableBundle;
import android.system.virtualmachine.VirtualMachineConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Cases about configs: calls of the builder, config.xml, and whether two go together. */
final class Configs {
    private static final String[] GETTERS = {
        "getApkPath", "getExtraApks", "getPayloadConfigPath", "getPayloadBinaryName", "getDebugLevel", "isProtectedVm",
        "getMemoryBytes", "getCpuTopology", "isEncryptedStorageEnabled", "getEncryptedStorageBytes",
        "isVmOutputCaptured", "isVmConsoleInputSupported", "isConnectVmConsole", "getOs", "isNetworkSupported",
        "shouldUseHugepages", "getEncryptedStoreMode", "shouldRamdump",
    };
    private static final String CUSTOM = "android.system.virtualmachine.VirtualMachineCustomImageConfig";

    private Configs() {}

    /** Outcome of each call of the builder, then of `build()`. */
    static JSONObject build(JSONObject given) throws JSONException {
        Built built = new Built(given);
        return new JSONObject().put("calls", built.calls).put("build", Outcome.of(() -> describe(built.config())));
    }

    static JSONObject compare(JSONObject a, JSONObject b) throws JSONException {
        JSONObject first = Outcome.of(() -> new Built(a).config());
        JSONObject second = Outcome.of(() -> new Built(b).config());
        if (!Outcome.isOk(first) || !Outcome.isOk(second)) return new JSONObject().put("built", false);
        VirtualMachineConfig one = (VirtualMachineConfig) first.get("ok");
        VirtualMachineConfig other = (VirtualMachineConfig) second.get("ok");
        return new JSONObject()
                .put("built", true)
                .put("there", Outcome.of(() -> one.isCompatibleWith(other)))
                .put("back", Outcome.of(() -> other.isCompatibleWith(one)));
    }

    static JSONObject read(String base64, File folder) throws Exception {
        folder.mkdirs();
        File file = new File(folder, "config.xml");
        Files.write(file.toPath(), Base64.getDecoder().decode(base64));
        Method from = VirtualMachineConfig.class.getDeclaredMethod("from", File.class);
        from.setAccessible(true);
        JSONObject outcome = Outcome.of(() -> describe((VirtualMachineConfig) from.invoke(null, file)));
        file.delete();
        folder.delete();
        return new JSONObject().put("read", outcome);
    }

    static String xmlOf(VirtualMachineConfig config) throws Exception {
        Method serialize = VirtualMachineConfig.class.getDeclaredMethod("serializeOutputStream", OutputStream.class);
        serialize.setAccessible(true);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        serialize.invoke(config, bytes);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static JSONObject describe(VirtualMachineConfig config) throws Exception {
        JSONObject getters = new JSONObject();
        for (String name : GETTERS) {
            Method getter = methodOf(VirtualMachineConfig.class, name, 0);
            if (getter != null) getters.put(name, plain(getter.invoke(config)));
        }
        return new JSONObject().put("getters", getters).put("xml", xmlOf(config));
    }

    private static Object plain(Object value) {
        if (value == null) return JSONObject.NULL;
        return value instanceof List ? new JSONArray((List<?>) value) : value;
    }

    /** A builder after the calls of a case; those that were refused have changed nothing. */
    static final class Built {
        final JSONArray calls = new JSONArray();
        private final Object builder;

        Built(JSONObject given) throws JSONException {
            Context context = AppContext.named(given.getString("packageName"));
            builder = new VirtualMachineConfig.Builder(context);
            JSONArray asked = given.getJSONArray("calls");
            for (int i = 0; i < asked.length(); i++) calls.put(call(asked.getJSONArray(i)));
        }

        VirtualMachineConfig config() throws Throwable {
            try {
                return (VirtualMachineConfig) builder.getClass().getMethod("build").invoke(builder);
            } catch (java.lang.reflect.InvocationTargetException wrapped) {
                throw wrapped.getCause();
            }
        }

        private JSONObject call(JSONArray call) throws JSONException {
            String name = call.getString(0);
            Method setter = methodOf(builder.getClass(), name, 1);
            if (setter == null) return new JSONObject().put("absent", true);
            return Outcome.of(() -> {
                setter.setAccessible(true);
                setter.invoke(builder, argument(setter.getParameterTypes()[0], call.get(1)));
                return null;
            });
        }

        private static Object argument(Class<?> type, Object given) throws Exception {
            if (given == JSONObject.NULL) return null;
            if (type == int.class) return ((Number) given).intValue();
            if (type == long.class) return ((Number) given).longValue();
            if (type == boolean.class) return given;
            // `isCompatibleWith` of Android 15 compares one string by reference.
            if (type == String.class) return ((String) given).intern();
            if (type == File.class) return new File((String) given);
            if (type.getName().equals(CUSTOM)) return customImage(type, (String) given);
            throw new IllegalArgumentException(type.getName());
        }

        private static Object customImage(Class<?> type, String xml) throws Exception {
            byte[] bytes = xml.getBytes(StandardCharsets.UTF_8);
            Method from = type.getDeclaredMethod("from", PersistableBundle.class);
            from.setAccessible(true);
            return from.invoke(null, PersistableBundle.readFromStream(new ByteArrayInputStream(bytes)));
        }
    }

    private static Method methodOf(Class<?> type, String name, int parameters) {
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == parameters) return method;
        }
        return null;
    }
}
