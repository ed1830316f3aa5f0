import android.os.SystemProperties;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.json.JSONObject;

/** Reads cases as JSON lines, has Android's own classes answer them, and writes what they said as JSON lines. */
public final class Driver {
    private Driver() {}

    /** @param args a folder for the files of VMs */
    public static void main(String[] args) throws Exception {
        File scratch = new File(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        SystemProperties.VALUES.put("ro.product.cpu.abilist64", "x86_64");
        int number = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(new JSONObject(line), new File(scratch, String.valueOf(number++))));
        }
        // Android 16 leaves a thread behind for each run.
        Runtime.getRuntime().halt(0);
    }

    private static JSONObject answer(JSONObject given, File folder) throws Exception {
        setCapabilities(given.optJSONObject("capabilities"));
        switch (given.getString("kind")) {
            case "builder": return Configs.build(given.getJSONObject("config"));
            case "compatible": return Configs.compare(given.getJSONObject("a"), given.getJSONObject("b"));
            case "xml": return Configs.read(given.getString("bytes"), folder);
            case "manager": return new Machines(given, folder).answer();
            default: throw new IllegalArgumentException(given.getString("kind"));
        }
    }

    private static void setCapabilities(JSONObject said) {
        boolean protectedVm = said == null || said.optBoolean("protectedVm", true);
        boolean nonProtectedVm = said == null || said.optBoolean("nonProtectedVm", true);
        SystemProperties.VALUES.put("ro.boot.hypervisor.protected_vm.supported", String.valueOf(protectedVm));
        SystemProperties.VALUES.put("ro.boot.hypervisor.vm.supported", String.valueOf(nonProtectedVm));
    }
}
