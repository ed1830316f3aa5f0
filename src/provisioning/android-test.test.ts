import { describe, expect, test } from "@jest/globals";
import { parseAndroidTest } from "./android-test.js";

const preparer = (name: string, options = ""): string =>
  `<configuration><target_preparer class="com.android.tradefed.targetprep.${name}">${options}</target_preparer></configuration>`;

test("reads preparers in their order, and leaves runners and comments alone", () => {
  const xml = `<?xml version="1.0" encoding="utf-8"?>
    <!-- a comment -->
    <configuration description="Tests of microdroid">
      <option name="test-suite-tag" value="cts" />
      <target_preparer class="com.android.tradefed.targetprep.RootTargetPreparer"><option name="force-root" value="false" /></target_preparer>
      <target_preparer class="com.android.tradefed.targetprep.RunCommandTargetPreparer">
        <option name="run-command" value="mkdir -p /data/local/tmp/cts/microdroid" />
        <option name="throw-if-cmd-fail" value="true" />
        <option name="teardown-command" value="rm -rf /data/local/tmp/cts/microdroid" />
      </target_preparer>
      <target_preparer class="com.android.compatibility.common.tradefed.targetprep.FilePusher">
        <option name="cleanup" value="true" />
        <option name="push" value="a.img->/data/local/tmp/cts/microdroid/a.img" />
      </target_preparer>
      <target_preparer class="com.android.tradefed.targetprep.PushFilePreparer">
        <option name="push-file" key="b &amp; c.img" value="/data/local/tmp/b.img" />
        <option name="post-push" value="sync" />
      </target_preparer>
      <target_preparer class="com.android.tradefed.targetprep.suite.SuiteApkInstaller">
        <option name="test-file-name" value="One.apk" />
        <option name="test-file-name" value="Two.apk" />
      </target_preparer>
      <test class="com.android.tradefed.testtype.AndroidJUnitTest"><option name="package" value="x" /></test>
    </configuration>`;
  expect(parseAndroidTest(xml)).toEqual([
    { kind: "root", root: false, throwOnFailure: true },
    {
      kind: "command",
      run: ["mkdir -p /data/local/tmp/cts/microdroid"],
      teardown: ["rm -rf /data/local/tmp/cts/microdroid"],
      throwOnFailure: true,
    },
    {
      kind: "push",
      pairs: [{ source: "a.img", destination: "/data/local/tmp/cts/microdroid/a.img" }],
      cleanup: true,
      abortOnFailure: true,
    },
    {
      kind: "push",
      pairs: [{ source: "b & c.img", destination: "/data/local/tmp/b.img" }],
      cleanup: false,
      abortOnFailure: true,
    },
    { kind: "command", run: ["sync"], teardown: [], throwOnFailure: false },
    { kind: "install", files: ["One.apk", "Two.apk"] },
  ]);
});

test("RootTargetPreparer roots unless configured otherwise", () => {
  const root = (options: string): unknown => parseAndroidTest(preparer("RootTargetPreparer", options));
  expect(root("")).toEqual([{ kind: "root", root: true, throwOnFailure: true }]);
  expect(root('<option name="force-root" value="true" /><option name="throw-on-error" value="false" />')).toEqual([
    { kind: "root", root: true, throwOnFailure: false },
  ]);
});

test("values are read as XML has them", () => {
  const command = (attribute: string): unknown =>
    parseAndroidTest(preparer("RunCommandTargetPreparer", `<option name="run-command" value=${attribute} />`));
  const run = (line: string) => [expect.objectContaining({ run: [line] })];
  expect(command(`"echo one &#62; /data/local/tmp/out1"`)).toEqual(run("echo one > /data/local/tmp/out1"));
  expect(command(`'echo "&amp;#62;" &amp;&amp; echo &#x3e;'`)).toEqual(run('echo "&#62;" && echo >'));
  expect(command(`"echo 1\n\techo 2&#10;echo 3 "`)).toEqual(run("echo 1  echo 2\necho 3 "));
});

test("the preparers of the one device, and switches as Tradefed reads them", () => {
  const inDevice = preparer("RootTargetPreparer").replace(/<\/?configuration>/g, (tag) =>
    tag.startsWith("</") ? "</device></configuration>" : '<configuration><device name="dut">',
  );
  expect(parseAndroidTest(inDevice)).toMatchObject([{ kind: "root", root: true }]);
  for (const [value, root] of [
    ["TRUE", true],
    ["Yes", true],
    ["No", false],
  ] as const) {
    const xml = preparer("RootTargetPreparer", `<option name="force-root" value="${value}" />`);
    expect(parseAndroidTest(xml)).toMatchObject([{ kind: "root", root }]);
  }
  for (const name of ["RootTargetPreparer", "DisableSELinuxTargetPreparer"]) {
    expect(parseAndroidTest(preparer(name, '<option name="disable" value="true" />'))).toEqual([]);
  }
});

/** Tradefed's OptionSetter: what stands outside goes to each object that has such an option. */
describe("options outside of the preparers", () => {
  const outside = (option: string, inside = ""): unknown =>
    parseAndroidTest(
      preparer("PushFilePreparer", inside).replace("<configuration>", `<configuration><option ${option} />`),
    );

  test.each([
    'name="test-suite-tag" value="cts"',
    'name="config-descriptor:metadata" key="component" value="security"',
    'name="not-shardable" value="true"',
    'name="force-root" value="false"',
    'name="dynamic-config-pusher:cleanup" value="true"',
  ])("%s concerns none", (option) => {
    expect(outside(option)).toMatchObject([{ kind: "push", cleanup: false }]);
  });

  test.each([
    'name="cleanup" value="true"',
    'name="push-file:cleanup" value="true"',
    'name="push-file:1:push" value="a-&gt;b"',
    'name="com.android.tradefed.targetprep.PushFilePreparer:push-file" key="a" value="b"',
    'name="disable" value="true"',
  ])("%s concerns one, and is refused", (option) => {
    expect(() => outside(option)).toThrow(/option "[\w:.-]+" is outside of target preparer .*PushFilePreparer, where/);
  });
});

describe("is refused, by name", () => {
  test.each([
    ['<configuration><device name="a" /><device name="b" /></configuration>', /it is for 2 devices/],
    [
      preparer("RootTargetPreparer").replace("</configuration>", '<device name="a" /></configuration>'),
      /a target_preparer is outside of <device>/,
    ],
    ...["include", "template-include", "multi_target_preparer", "lab_preparer", "target_preparers"].map(
      (name): [string, RegExp] => [
        `<configuration><${name} name="x" /></configuration>`,
        new RegExp(`AndroidTest.xml: <${name}> is not supported`),
      ],
    ),
    ['<configuration><target_perparer class="x.Root" /></configuration>', /<target_perparer> is no element that Trade/],
    ["<configuration><target_preparer /></configuration>", /a target_preparer has no class/],
    [preparer("RootTargetPreparer", '<option value="true" />'), /RootTargetPreparer: option {2}has no name/],
    [preparer("RootTargetPreparer", '<option name="force-root" />'), /option force-root has no value/],
    [preparer("RootTargetPreparer", "<x />"), /<x> is in it, not an option/],
    [preparer("RootTargetPreparer", '<option name="force-root" value="1" />'), /force-root is "1"/],
    [preparer("DisableSELinuxTargetPreparer"), /DisableSELinuxTargetPreparer is unknown/],
    [
      preparer("suite.SuiteApkInstaller", '<option name="aapt-version" value="2" />'),
      /SuiteApkInstaller: option "aapt-version" is unknown/,
    ],
    [preparer("PushFilePreparer", '<option name="push" value="nowhere" />'), /source->destination/],
    [preparer("PushFilePreparer", '<option name="push" value="a-&gt;b-&gt;c" />'), /source->destination/],
    [preparer("PushFilePreparer", '<option name="push-file" value="/x" />'), /push-file has no key/],
    [preparer("PushFilePreparer", '<option name="push-file" key="" value="/x" />'), /push-file has no key/],
    [
      preparer("RunCommandTargetPreparer", '<option name="run-command" key="a" value="b" />'),
      /run-command takes no key/,
    ],
    [preparer("PushFilePreparer", '<option name="cleanup" value="maybe" />'), /cleanup is "maybe"/],
    ["<configuration>", /line 1/],
    [preparer("PushFilePreparer", '<option name="push" value="&nbsp;->b" />'), /line 1, column \d+: undefined entity/],
    [preparer("PushFilePreparer", '<option name="push" name="cleanup" value="a->b" />'), /duplicate attribute: name/],
    ["<tests/>", /no <configuration>/],
    ['<!DOCTYPE x [<!ENTITY a "b">]><configuration/>', /a document type, which is not read/],
    [`<configuration>${" ".repeat(1 << 20)}</configuration>`, /1048607 bytes, more than 1048576/],
  ])("%.90s", (xml, message) => {
    expect(() => parseAndroidTest(xml, "AndroidTest.xml")).toThrow(message);
  });
});
