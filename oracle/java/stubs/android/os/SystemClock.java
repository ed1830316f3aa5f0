package android.os;

/** Android's asks its own libc. */
public final class SystemClock {
    private SystemClock() {}

    public static long uptimeMillis() { return System.nanoTime() / 1_000_000; }

    public static long elapsedRealtime() { return uptimeMillis(); }

    public static long elapsedRealtimeNanos() { return System.nanoTime(); }

    public static long currentThreadTimeMillis() { return uptimeMillis(); }
}
