import android.content.Context;
import android.system.virtualizationservice.VirtualMachineState;
import android.system.virtualmachine.VirtualMachine;
import android.system.virtualmachine.VirtualMachineConfig;
import android.system.virtualmachine.VirtualMachineDescriptor;
import android.system.virtualmachine.VirtualMachineManager;
import android.system.virtualmachine.VirtualizationService;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** A case about VMs: calls of the manager and of what it gave, with what others do to the files in between. */
final class Machines {
    private static final String PACKAGE = "com.example";

    private final JSONObject given;
    private final File folder;
    private final FakeService service;
    private final VirtualMachineManager manager;
    /** Held, so that the manager's weak references hold. */
    private final List<VirtualMachine> known = new ArrayList<>();
    private final TreeMap<String, VirtualMachine> vms = new TreeMap<>();
    private final TreeMap<String, VirtualMachineDescriptor> descriptors = new TreeMap<>();
    private final TreeMap<String, VirtualMachineConfig> configs = new TreeMap<>();

    Machines(JSONObject given, File folder) throws Exception {
        this.given = given;
        this.folder = folder;
        folder.mkdirs();
        service = new FakeService(given.optBoolean("instanceIds"));
        VirtualizationService.binder = service.binder();
        writeApk(new File(folder, "base.apk"), given.optJSONObject("assets"));
        writeApk(new File(folder, "com.other.apk"), null);
        Context context = AppContext.in(folder, PACKAGE);
        manager = new VirtualMachineManager(context);
    }

    JSONObject answer() throws Exception {
        JSONObject named = given.getJSONObject("configs");
        for (var names = named.keys(); names.hasNext();) {
            String name = (String) names.next();
            JSONObject config = new JSONObject(named.getJSONObject(name).toString().replace("$FOLDER", folder.getPath()));
            try {
                configs.put(name, new Configs.Built(config).config());
            } catch (Throwable failure) {
                return new JSONObject().put("built", false);
            }
        }
        JSONArray outcomes = new JSONArray();
        JSONArray steps = given.getJSONArray("steps");
        for (int i = 0; i < steps.length(); i++) {
            JSONArray step = steps.getJSONArray(i);
            outcomes.put(Outcome.of(() -> take(step)));
        }
        JSONObject answer = new JSONObject().put("built", true).put("steps", outcomes).put("files", files());
        delete(folder.toPath());
        return new JSONObject(answer.toString().replace(folder.getPath().replace("/", "\\/"), "$FOLDER"));
    }

    private Object take(JSONArray step) throws Throwable {
        String what = step.getString(0);
        String subject = step.getString(1);
        switch (what) {
            case "create": return keep(step, manager.create(subject, config(step)));
            case "getOrCreate": return keep(step, manager.getOrCreate(subject, config(step)));
            case "get": return keep(step, manager.get(subject));
            case "import":
                VirtualMachineDescriptor descriptor = descriptors.get(step.getString(3));
                return descriptor == null ? "no descriptor" : keep(step, manager.importFromDescriptor(subject, descriptor));
            case "delete":
                manager.delete(subject);
                return null;
            case "rm": return delete(new File(folder, "vm/" + subject).toPath());
            case "rmApk": return delete(new File(folder, subject).toPath());
            case "write":
                File file = new File(folder, "vm/" + subject);
                if (!file.getParentFile().isDirectory()) return false;
                Files.write(file.toPath(), step.getString(2).getBytes(StandardCharsets.UTF_8));
                return true;
            case "closeDescriptor":
                if (descriptors.containsKey(subject)) descriptors.get(subject).close();
                return null;
            default: return vms.containsKey(subject) ? take(step, what, vms.get(subject)) : "no vm";
        }
    }

    private Object take(JSONArray step, String what, VirtualMachine vm) throws Throwable {
        switch (what) {
            case "run":
                int before = service.machines.size();
                vm.run();
                running.put(vm, service.machines.get(before));
                return null;
            case "die":
                FakeService.Machine machine = running.get(vm);
                if (machine != null) machine.state = VirtualMachineState.DEAD;
                return null;
            case "stop":
                vm.stop();
                return null;
            case "close":
                vm.close();
                return null;
            case "getStatus": return vm.getStatus();
            case "getName": return vm.getName();
            case "toString": return vm.toString();
            case "getConfig": return Configs.xmlOf(vm.getConfig());
            case "setConfig": return Configs.xmlOf(vm.setConfig(config(step)));
            case "connectVsock":
                vm.connectVsock(step.getLong(2));
                return null;
            case "toDescriptor":
                descriptors.put(step.getString(2), vm.toDescriptor());
                return null;
            default:
                Method method = methodOf(what);
                if (method == null) return "absent";
                method.invoke(vm);
                return null;
        }
    }

    private final java.util.Map<VirtualMachine, FakeService.Machine> running = new java.util.IdentityHashMap<>();

    private static Method methodOf(String name) {
        try {
            return VirtualMachine.class.getMethod(name);
        } catch (NoSuchMethodException cause) {
            return null;
        }
    }

    private VirtualMachineConfig config(JSONArray step) throws JSONException {
        return step.isNull(2) ? null : configs.get(step.getString(2));
    }

    /** Under the name that the step gives; told as the number of the object, in the order of their making. */
    private Object keep(JSONArray step, VirtualMachine vm) throws JSONException {
        if (vm == null) return "none";
        for (int i = 0; i < known.size(); i++) {
            if (known.get(i) == vm) return remember(step, vm, i);
        }
        known.add(vm);
        return remember(step, vm, known.size() - 1);
    }

    private Object remember(JSONArray step, VirtualMachine vm, int number) throws JSONException {
        vms.put(step.getString(step.length() - 1), vm);
        return "vm " + number;
    }

    /** Of all VMs; of config.xml the content too. */
    private JSONObject files() throws Exception {
        JSONObject listing = new JSONObject();
        Path root = new File(folder, "vm").toPath();
        if (!Files.exists(root)) return listing;
        try (var paths = Files.walk(root)) {
            for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
                if (path.equals(root)) continue;
                String name = root.relativize(path).toString();
                if (Files.isDirectory(path)) listing.put(name, "folder");
                else listing.put(name, name.endsWith(".xml") ? Files.readString(path) : "file");
            }
        }
        return listing;
    }

    private static Object delete(Path root) throws IOException {
        if (!Files.exists(root)) return false;
        try (var paths = Files.walk(root)) {
            for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) Files.delete(path);
        }
        return true;
    }

    private void writeApk(File file, JSONObject assets) throws Exception {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file.toPath()))) {
            zip.putNextEntry(new ZipEntry("AndroidManifest.xml"));
            zip.closeEntry();
            if (assets == null) return;
            for (var names = assets.keys(); names.hasNext();) {
                String name = (String) names.next();
                zip.putNextEntry(new ZipEntry(name));
                zip.write(assets.getString(name).replace("$FOLDER", folder.getPath()).getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
    }
}
