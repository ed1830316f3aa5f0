/** Keys in the order in which Android 15 writes them (AOSP PersistableBundle.java). */
export const EVERYTHING = `<bundle>
<boolean name="shouldBoostUclamp" value="true" />
<int name="debugLevel" value="1" />
<long name="encryptedStorageBytes" value="4096" />
<null name="payloadConfigPath" />
<boolean name="connectVmConsole" value="true" />
<boolean name="networkSupported" value="true" />
<string name="apkPath">/data/a &amp; b's.apk</string>
<boolean name="protectedVm" value="false" />
<boolean name="vmConsoleInputSupported" value="true" />
<string-array name="extraApks" num="2">
<item value="com.one" />
<item value="com.&quot;two&quot;&#10;" />
</string-array>
<string name="os">microdroid</string>
<int name="cpuTopology" value="1" />
<int name="version" value="9" />
<string name="consoleInputDevice">ttyS0</string>
<string name="payloadBinaryPath">MyPayload.so</string>
<long name="memoryBytes" value="268435456" />
<boolean name="vmOutputCaptured" value="true" />
<string name="vendorDiskImagePath">/data/v.img</string>
</bundle>
`;

export const SMALLEST = `<bundle>
<boolean name="shouldBoostUclamp" value="false" />
<int name="debugLevel" value="0" />
<string name="payloadConfigPath">assets/vm_config.json</string>
<boolean name="connectVmConsole" value="false" />
<boolean name="networkSupported" value="false" />
<boolean name="protectedVm" value="true" />
<boolean name="vmConsoleInputSupported" value="false" />
<string name="os">microdroid</string>
<int name="cpuTopology" value="0" />
<int name="version" value="9" />
<string name="packageName">com.example</string>
<null name="payloadBinaryPath" />
<boolean name="vmOutputCaptured" value="false" />
</bundle>
`;
