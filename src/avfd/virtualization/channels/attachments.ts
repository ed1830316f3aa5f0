/**
 * Who is attached to which VM. A VM that was started attached lives as long as its client, with one exception: clients that
 * a restored snapshot has only in memory are no clients. Their VMs wait for others, who take their place (`vm-attach`).
 */
import type { Caller } from "../../caller.js";
import type { VirtualMachine } from "../virtual-machine.js";

interface SaidLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

type LastWords = Parameters<Caller["setLastWords"]>;

export class Attachments {
  readonly #byCid = new Map<number, Attachment>();
  #held = false;
  #settled: Promise<void> = Promise.resolve();
  #settle: () => void = () => undefined;

  /** The VM ends when this client goes. */
  attach(vm: VirtualMachine, client: Caller): Attachment {
    const attachment = new Attachment(
      vm,
      () => this.#held,
      () => void this.#byCid.delete(vm.cid),
    );
    this.#byCid.set(vm.cid, attachment);
    attachment.bind(client);
    return attachment;
  }

  /** Of a VM that has not ended. */
  find(cid: number): Attachment | undefined {
    return this.#byCid.get(cid);
  }

  /** Settles when it is known who is a client: not around a snapshot, nor at the start of a device that continues from it. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** From now on the end of a client is noted only: a snapshot is about to be taken. */
  hold(): void {
    if (!this.#held) this.#settled = new Promise((resolve) => (this.#settle = resolve));
    this.#held = true;
  }

  /** The clients are what they seem: the VMs of those that went meanwhile end now. */
  resume(): void {
    this.#held = false;
    for (const attachment of this.#byCid.values()) attachment.endIfDeserted();
    this.#settle();
  }

  /** This is a later life of the snapshot: nobody is behind any client. */
  orphanAll(): void {
    for (const attachment of this.#byCid.values()) attachment.orphan();
    this.#held = false;
    this.#settle();
  }
}

/** What is sent about one VM, and to whom. */
export class Attachment {
  /** All that was sent, for clients that come later. */
  readonly #said: SaidLine[] = [];
  readonly #ended: Promise<void>;
  #settleEnded: () => void = () => undefined;
  #client: Caller | undefined;
  #lastWords: LastWords | undefined;

  constructor(
    readonly vm: VirtualMachine,
    private readonly isHeld: () => boolean,
    private readonly forget: () => void,
  ) {
    this.#ended = new Promise((resolve) => (this.#settleEnded = resolve));
  }

  get isOrphan(): boolean {
    return this.#client === undefined;
  }

  print(text: string): void {
    this.#said.push({ stream: "stdout", text });
    this.#client?.print(text);
  }

  printError(text: string): void {
    this.#said.push({ stream: "stderr", text });
    this.#client?.printError(text);
  }

  /** What the client prints should this service die. */
  setLastWords(...words: LastWords): void {
    this.#lastWords = words;
    this.#client?.setLastWords(...words);
  }

  bind(client: Caller): void {
    this.#client = client;
    const onGone = (): void => {
      if (this.#client === client && !this.isHeld()) void this.vm.kill();
    };
    if (client.gone.aborted) onGone();
    else client.gone.addEventListener("abort", onGone, { once: true });
  }

  endIfDeserted(): void {
    if (this.#client?.gone.aborted === true) void this.vm.kill();
  }

  orphan(): void {
    this.#client = undefined;
  }

  /** Adds a client, which is sent everything from the start on. Settles when the VM has ended. */
  async follow(client: Caller): Promise<void> {
    for (const { stream, text } of this.#said) {
      if (stream === "stdout") client.print(text);
      else client.printError(text);
    }
    if (this.#lastWords) client.setLastWords(...this.#lastWords);
    this.bind(client);
    await this.#ended;
  }

  /** Nothing more will be sent. */
  end(): void {
    this.forget();
    this.#settleEnded();
  }
}
