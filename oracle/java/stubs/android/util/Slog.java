package android.util;

/** The system's own log, which has the same calls. */
public final class Slog extends Log {
    private Slog() {}
}
