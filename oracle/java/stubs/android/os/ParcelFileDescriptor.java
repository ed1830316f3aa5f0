package android.os;

import java.io.Closeable;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;

/** Android's wraps a descriptor of its own libc; here files are files, and of pipes and sockets only the ends exist. */
public class ParcelFileDescriptor implements Closeable, Parcelable {
    public static final int MODE_READ_ONLY = 0x10000000;
    public static final int MODE_WRITE_ONLY = 0x20000000;
    public static final int MODE_READ_WRITE = 0x30000000;
    public static final int MODE_CREATE = 0x08000000;
    public static final int MODE_TRUNCATE = 0x04000000;

    private final FileDescriptor descriptor;
    /** Keeps a file open: it counts as gone once nothing refers to it. */
    private final RandomAccessFile file;

    public ParcelFileDescriptor(FileDescriptor descriptor) {
        this.descriptor = descriptor;
        this.file = null;
    }

    private ParcelFileDescriptor(RandomAccessFile file) throws IOException {
        this.descriptor = file.getFD();
        this.file = file;
    }

    public static ParcelFileDescriptor open(File path, int mode) throws FileNotFoundException {
        if ((mode & MODE_CREATE) == 0 && !path.exists()) throw new FileNotFoundException(path.getPath());
        try {
            RandomAccessFile file = new RandomAccessFile(path, (mode & MODE_WRITE_ONLY) == 0 ? "r" : "rw");
            if ((mode & MODE_TRUNCATE) != 0) file.setLength(0);
            return new ParcelFileDescriptor(file);
        } catch (FileNotFoundException cause) {
            throw cause;
        } catch (IOException cause) {
            throw new FileNotFoundException(cause.getMessage());
        }
    }

    public static ParcelFileDescriptor adoptFd(int number) { return new ParcelFileDescriptor(new FileDescriptor()); }

    public static ParcelFileDescriptor dup(FileDescriptor from) { return new ParcelFileDescriptor(from); }

    public ParcelFileDescriptor dup() { return new ParcelFileDescriptor(descriptor); }

    public static ParcelFileDescriptor[] createPipe() { return pair(); }

    public static ParcelFileDescriptor[] createSocketPair() { return pair(); }

    private static ParcelFileDescriptor[] pair() {
        return new ParcelFileDescriptor[] {
            new ParcelFileDescriptor(new FileDescriptor()), new ParcelFileDescriptor(new FileDescriptor())
        };
    }

    public FileDescriptor getFileDescriptor() { return descriptor; }

    public int getFd() { return 3; }

    public int detachFd() { return 3; }

    public long getStatSize() {
        try {
            return file == null ? -1 : file.length();
        } catch (IOException cause) {
            return -1;
        }
    }

    @Override public void close() throws IOException { if (file != null) file.close(); }

    @Override public int describeContents() { return 1; }

    @Override public void writeToParcel(Parcel out, int flags) { throw new UnsupportedOperationException("parcel"); }

    public static final Parcelable.Creator<ParcelFileDescriptor> CREATOR = new Parcelable.Creator<>() {
        @Override public ParcelFileDescriptor createFromParcel(Parcel in) {
            throw new UnsupportedOperationException("parcel");
        }

        @Override public ParcelFileDescriptor[] newArray(int size) { return new ParcelFileDescriptor[size]; }
    };

    public static class AutoCloseInputStream extends FileInputStream {
        private final ParcelFileDescriptor owner;

        public AutoCloseInputStream(ParcelFileDescriptor owner) {
            super(owner.getFileDescriptor());
            this.owner = owner;
        }

        @Override public void close() throws IOException {
            super.close();
            owner.close();
        }
    }

    public static class AutoCloseOutputStream extends FileOutputStream {
        private final ParcelFileDescriptor owner;

        public AutoCloseOutputStream(ParcelFileDescriptor owner) {
            super(owner.getFileDescriptor());
            this.owner = owner;
        }

        @Override public void close() throws IOException {
            super.close();
            owner.close();
        }
    }
}
