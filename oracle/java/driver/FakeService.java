import android.os.Binder;
import android.os.IInterface;
import android.os.ParcelFileDescriptor;
import android.os.ServiceSpecificException;
import android.system.virtualizationservice.IVirtualMachine;
import android.system.virtualizationservice.IVirtualizationService;
import android.system.virtualizationservice.VirtualMachineState;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The service below the library. Its interfaces differ by release, so both are proxies: what a release asks that is not
 * here is told as nothing, false or 0.
 */
final class FakeService {
    /** In the order they were started. */
    final List<Machine> machines = new ArrayList<>();
    private final boolean hasInstanceIds;
    private int instanceIds = 0;

    FakeService(boolean hasInstanceIds) { this.hasInstanceIds = hasInstanceIds; }

    IVirtualizationService binder() {
        return proxy(IVirtualizationService.class, (self, method, args) -> {
            switch (method.getName()) {
                case "asBinder": return new Binder();
                case "isFeatureEnabled":
                    return hasInstanceIds && args[0].equals("com.android.kvm.LLPVM_CHANGES");
                case "allocateInstanceId": return new byte[] {(byte) ++instanceIds};
                case "initializeWritablePartition":
                    return write((ParcelFileDescriptor) args[0], (int) args[2] == 1 ? "instance" : "encryptedstore", args[1]);
                case "createOrUpdateIdsigFile": return write((ParcelFileDescriptor) args[1], "idsig", 0L);
                case "createVm": return start();
                default: return nothing(method.getReturnType());
            }
        });
    }

    private IVirtualMachine start() {
        Machine machine = new Machine();
        machines.add(machine);
        return proxy(IVirtualMachine.class, (self, method, args) -> {
            switch (method.getName()) {
                case "asBinder": return new Binder();
                case "getState": return machine.state;
                case "start":
                    machine.state = VirtualMachineState.STARTING;
                    return null;
                case "stop":
                    if (machine.state == VirtualMachineState.DEAD) throw new ServiceSpecificException(-1, "not running");
                    machine.state = VirtualMachineState.DEAD;
                    return null;
                // virtmgr asks crosvm by its control socket, which is gone with it.
                case "suspend":
                case "resume":
                    if (machine.state != VirtualMachineState.DEAD) return null;
                    throw new ServiceSpecificException(-1, "Failed to " + method.getName() + " VM");
                case "connectVsock": return ParcelFileDescriptor.createSocketPair()[0];
                default: return nothing(method.getReturnType());
            }
        });
    }

    /** A VM whose state is what the case says. */
    static final class Machine {
        int state = VirtualMachineState.NOT_STARTED;
    }

    private static Object write(ParcelFileDescriptor file, String what, Object size) throws IOException {
        new FileOutputStream(file.getFileDescriptor()).write((what + " " + size).getBytes(StandardCharsets.UTF_8));
        return null;
    }

    private static Object nothing(Class<?> type) {
        if (type == boolean.class) return false;
        if (type == int.class) return 0;
        return type == long.class ? 0L : null;
    }

    private static <T extends IInterface> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
