import java.lang.reflect.InvocationTargetException;
import org.json.JSONException;
import org.json.JSONObject;

/** What a call came to: `{"ok": value}`, or `{"error": class, "message": text or null}`. */
final class Outcome {
    private Outcome() {}

    interface Call {
        Object make() throws Throwable;
    }

    static JSONObject of(Call call) throws JSONException {
        try {
            Object value = call.make();
            return new JSONObject().put("ok", value == null ? JSONObject.NULL : value);
        } catch (InvocationTargetException wrapped) {
            return error(wrapped.getCause());
        } catch (Throwable failure) {
            return error(failure);
        }
    }

    static boolean isOk(JSONObject outcome) {
        return outcome.has("ok");
    }

    private static JSONObject error(Throwable failure) throws JSONException {
        JSONObject told = words(failure);
        Throwable cause = failure.getCause();
        // Of what parsers and files say only the kind is Android's to tell; of the builder's refusals the words are.
        if (cause instanceof IllegalArgumentException || cause instanceof IllegalStateException
                || cause instanceof NullPointerException) {
            told.put("cause", words(cause));
        }
        return told;
    }

    private static JSONObject words(Throwable failure) throws JSONException {
        String message = failure.getMessage();
        // `VirtualMachineException(cause)` repeats the cause's class and words, which may be Java's own.
        boolean isJavas = failure.getCause() != null && failure.getCause().toString().equals(message)
                || isThrownByJava(failure);
        return new JSONObject()
                .put("error", failure.getClass().getSimpleName())
                .put("message", message == null || isJavas ? JSONObject.NULL : message);
    }

    /** By one of its classes that was handed what it does not take. `requireNonNull` says what its caller has to say. */
    private static boolean isThrownByJava(Throwable failure) {
        for (StackTraceElement frame : failure.getStackTrace()) {
            String name = frame.getClassName();
            if (!name.equals("java.util.Objects")) return name.startsWith("java.");
        }
        return false;
    }
}
