import android.content.ComponentCallbacks;
import android.content.Context;
import android.content.ContextWrapper;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageManager;
import java.io.File;

/** The app on whose behalf VMs are made: what the library asks of it is answered, all else is a NullPointerException. */
final class AppContext extends ContextWrapper {
    private final String packageName;
    private final File folder;

    private AppContext(String packageName, File folder) {
        super(null);
        this.packageName = packageName;
        this.folder = folder;
    }

    static Context named(String packageName) {
        return new AppContext(packageName, new File("/data/avf"));
    }

    /** Its APK is `base.apk` in the folder, that of other packages `PACKAGE.apk`. */
    static Context in(File folder, String packageName) {
        return new AppContext(packageName, folder);
    }

    @Override public String getPackageName() { return packageName; }

    @Override public File getDataDir() { return folder; }

    /** Android 17 has a look whether a VM has files there, too. */
    @Override public Context createCredentialProtectedStorageContext() { return this; }

    @Override public String getPackageCodePath() { return new File(folder, "base.apk").getPath(); }

    @Override public void registerComponentCallbacks(ComponentCallbacks callbacks) {}

    @Override public void unregisterComponentCallbacks(ComponentCallbacks callbacks) {}

    @Override public int checkCallingOrSelfPermission(String permission) { return PackageManager.PERMISSION_GRANTED; }

    @Override public PackageManager getPackageManager() { return new Packages(); }

    private final class Packages extends PackageManager {
        @Override public boolean hasSystemFeature(String name) { return true; }

        @Override public ApplicationInfo getApplicationInfo(String name, ApplicationInfoFlags flags)
                throws NameNotFoundException {
            boolean isOwn = name.equals(packageName);
            File apk = new File(folder, isOwn ? "base.apk" : name + ".apk");
            if (!isOwn && !apk.exists()) throw new NameNotFoundException(name);
            ApplicationInfo info = new ApplicationInfo();
            info.sourceDir = apk.getPath();
            return info;
        }
    }
}
