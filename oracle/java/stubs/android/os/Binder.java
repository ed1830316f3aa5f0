package android.os;

import java.io.FileDescriptor;

/** Android's is an object of the kernel's driver. Here it is an object, and both ends are in this process. */
public class Binder implements IBinder {
    private IInterface owner;
    private String descriptor;

    public Binder() {}

    public Binder(String descriptor) { this.descriptor = descriptor; }

    public void attachInterface(IInterface owner, String descriptor) {
        this.owner = owner;
        this.descriptor = descriptor;
    }

    public static long clearCallingIdentity() { return 0; }

    public static void restoreCallingIdentity(long token) {}

    public void markVintfStability() {}

    @Override public String getInterfaceDescriptor() { return descriptor; }

    @Override public boolean pingBinder() { return true; }

    @Override public boolean isBinderAlive() { return true; }

    @Override public IInterface queryLocalInterface(String wanted) {
        return wanted.equals(descriptor) ? owner : null;
    }

    @Override public void dump(FileDescriptor fd, String[] args) {}

    @Override public void dumpAsync(FileDescriptor fd, String[] args) {}

    @Override public void shellCommand(FileDescriptor in, FileDescriptor out, FileDescriptor err, String[] args,
            ShellCallback shell, ResultReceiver result) {}

    @Override public boolean transact(int code, Parcel data, Parcel reply, int flags) throws RemoteException {
        return onTransact(code, data, reply, flags);
    }

    protected boolean onTransact(int code, Parcel data, Parcel reply, int flags) throws RemoteException { return false; }

    @Override public void linkToDeath(DeathRecipient recipient, int flags) {}

    @Override public boolean unlinkToDeath(DeathRecipient recipient, int flags) { return true; }
}
