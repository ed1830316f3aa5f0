package android.system.virtualmachine;

import android.system.virtualizationservice.IVirtualizationService;

/** Android's starts virtmgr and speaks RPC binder to it. This one is handed the service of the case that runs. */
public class VirtualizationService {
    public static volatile IVirtualizationService binder;

    private static final VirtualizationService INSTANCE = new VirtualizationService();

    private VirtualizationService() {}

    static VirtualizationService getInstance() { return INSTANCE; }

    IVirtualizationService getBinder() { return binder; }

    static boolean nativeIsVendorModulesFlagEnabled() { return false; }
}
