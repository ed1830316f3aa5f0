/** What a custom image asks for that `vm run` of a device cannot carry, by name. */
import type { VirtualMachineCustomImageConfig } from "./custom-image-config.js";

/** The first of them; undefined where the tool carries all. As the beginning of a sentence: `A display is`. */
export function notCarried(image: VirtualMachineCustomImageConfig): string | undefined {
  return NOT_CARRIED.find(([, asks]) => asks(image))?.[0];
}

const NOT_CARRIED: readonly (readonly [what: string, asks: (image: VirtualMachineCustomImageConfig) => boolean])[] = [
  ["A display is", (image) => image.getDisplayConfig() !== undefined],
  ["A GPU is", (image) => image.getGpuConfig() !== undefined],
  ["Touch input is", (image) => image.useTouch()],
  ["A keyboard is", (image) => image.useKeyboard()],
  ["A mouse is", (image) => image.useMouse()],
  ["Input of switches is", (image) => image.useSwitches()],
  ["A trackpad is", (image) => image.useTrackpad()],
  ["Audio is", (image) => image.getAudioConfig() !== undefined],
  ["USB is", (image) => image.getUsbConfig()?.getUsbController() === true],
  ["An automatic memory balloon is", (image) => image.useAutoMemoryBalloon()],
  ["A shared path is", (image) => image.getSharedPaths().length > 0],
];
