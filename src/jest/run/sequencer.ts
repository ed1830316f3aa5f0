/**
 * Jest's own sequencer, and with a history (`AVF_HISTORY`) one that cuts `--shard i/n` by how long files took, and runs
 * first what failed last. Without one all is as in Jest.
 */
import { noteSplit } from "../../history/index.js";
import { forPrinting } from "../../session/failures/test-errors.js";
import { openKnownFiles, type KnownFile, type KnownFiles } from "../../sharding/known-files.js";
import { splitByDuration } from "../../sharding/split.js";
import { jestModule } from "./jest-modules.js";

/** The parts of Jest's types that are used here. */
interface Test {
  readonly path: string;
  duration?: number | undefined;
  readonly context: { readonly config: { readonly displayName?: { readonly name: string } } };
}

interface SequencerOptions {
  readonly globalConfig: { readonly rootDir: string };
}

interface ShardOptions {
  readonly shardIndex: number;
  readonly shardCount: number;
}

interface Sequencer {
  shard(tests: readonly Test[], options: ShardOptions): Test[] | Promise<Test[]>;
  sort(tests: readonly Test[]): Test[] | Promise<Test[]>;
  allFailedTests(tests: readonly Test[]): Test[] | Promise<Test[]>;
  hasFailed(test: Test): boolean;
  time(test: Test): number | undefined;
}

type SequencerClass = new (options: SequencerOptions) => Sequencer;

const { default: JestSequencer } = jestModule("@jest/test-sequencer") as { readonly default: SequencerClass };

export default class AvfSequencer extends JestSequencer {
  readonly #known: KnownFiles | undefined;

  constructor(options: SequencerOptions) {
    super(options);
    try {
      this.#known = openKnownFiles(options.globalConfig.rootDir);
    } catch (error) {
      throw forPrinting(error);
    }
  }

  override shard(tests: readonly Test[], options: ShardOptions): Test[] | Promise<Test[]> {
    const known = this.#known;
    if (known === undefined) return super.shard(tests, options);
    const weighed = tests.map((test) => {
      const key = known.keyOf(test.path, nameOf(test));
      return { key, test, durationMs: known.get(key)?.durationMs };
    });
    const { shards, digest } = splitByDuration(weighed, options.shardCount);
    noteSplit({ files: tests.length, digest });
    return (shards[options.shardIndex - 1] ?? []).map(({ test }) => test);
  }

  /** Jest's own order, by what is asked below: failed ones, then unknown ones, then the longest. */
  override sort(tests: readonly Test[]): Test[] | Promise<Test[]> {
    return super.sort([...tests]);
  }

  /** Also for `--onlyFailures`, with which each shard has to leave out the same. */
  override hasFailed(test: Test): boolean {
    return this.#known === undefined ? super.hasFailed(test) : (this.#knownOf(test)?.failed ?? false);
  }

  override time(test: Test): number | undefined {
    return this.#known === undefined ? super.time(test) : this.#knownOf(test)?.durationMs;
  }

  #knownOf(test: Test): KnownFile | undefined {
    return this.#known?.get(this.#known.keyOf(test.path, nameOf(test)));
  }
}

function nameOf({ context }: Test): string | undefined {
  return context.config.displayName?.name;
}
