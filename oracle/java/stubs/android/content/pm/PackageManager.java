package android.content.pm;

import android.util.AndroidException;

/** Android's has caches that want the system's services to be there; these are the methods that the library calls. */
public abstract class PackageManager {
    public static final int PERMISSION_GRANTED = 0;
    public static final int PERMISSION_DENIED = -1;
    public static final String FEATURE_VIRTUALIZATION_FRAMEWORK = "android.software.virtualization_framework";

    public abstract boolean hasSystemFeature(String name);

    public abstract ApplicationInfo getApplicationInfo(String packageName, ApplicationInfoFlags flags)
            throws NameNotFoundException;

    /** Of the manifest; no package has any. */
    public Property getProperty(String name, String packageName) throws NameNotFoundException {
        throw new NameNotFoundException(name);
    }

    public static final class Property {
        private Property() {}

        public int getInteger() { return 0; }

        public boolean isInteger() { return true; }
    }

    public static final class ApplicationInfoFlags {
        private ApplicationInfoFlags() {}

        public static ApplicationInfoFlags of(long value) { return new ApplicationInfoFlags(); }
    }

    public static class NameNotFoundException extends AndroidException {
        public NameNotFoundException(String name) { super(name); }
    }
}
