package dalvik.system;

/** Android's is a part of ART. */
public final class VMRuntime {
    private static final VMRuntime INSTANCE = new VMRuntime();

    private VMRuntime() {}

    public static VMRuntime getRuntime() { return INSTANCE; }

    public boolean is64Bit() { return true; }

    public boolean isNativeDebuggable() { return false; }

    public boolean isJavaDebuggable() { return false; }

    public Object newUnpaddedArray(Class<?> type, int length) { return java.lang.reflect.Array.newInstance(type, length); }

    public Object newNonMovableArray(Class<?> type, int length) { return newUnpaddedArray(type, length); }

    public void registerNativeAllocation(long bytes) {}

    public void registerNativeFree(long bytes) {}
}
