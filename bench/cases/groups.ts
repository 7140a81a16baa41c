import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CemError, RandomNumbers } from '../../base/index.ts';
import { type VectorGroup, vectorGroup } from '../../encoders/index.ts';
import { parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { plainInnerProducts, tensorInnerProducts } from '../../search/exact/index.ts';
import {
  createGroupScorer,
  GROUP_CODECS,
  openGroupCodec,
  scoreGroups,
  simdInnerProducts,
  trainCodebook,
  writeCodebook,
} from '../../search/rerank/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, type Measurement, median } from '../measurement.ts';

interface GroupsOptions {
  readonly python: string | undefined;
  readonly backend: string;
  readonly candidates: number;
  readonly vectors: number;
  readonly dimension: number;
  readonly rounds: number;
}

const PEER = fileURLToPath(new URL('../peers/maxsim_peer.py', import.meta.url));
const THREADS = 2;
/** Issue 22: milliseconds for 1,000 candidates of 32 vectors of 128 values, on two cores. It is the processor's time that is held against it, which other programs on the machine change least. */
const BAR = 60;
/** How far sums of scores may lie apart, as a part. */
const SAME = 1e-5;

/** What late interaction costs: scoring of candidates, beside PyTorch, and the bytes of a stored group. */
export const groupsBench: Bench<GroupsOptions> = {
  name: 'groups',
  describe: 'Vector groups: a query against candidates by MaxSim, beside PyTorch; bytes of a stored group',
  options: (parser) =>
    parser
      .option('python', { type: 'string', describe: 'a Python that has the package torch; without it there is no peer' })
      .option('backend', { type: 'string', default: 'auto', describe: 'what computes' })
      .option('candidates', {
        type: 'number',
        default: 1000,
        coerce: wholeNumber('candidates', 1),
        describe: 'groups that are scored',
      })
      .option('vectors', { type: 'number', default: 32, coerce: wholeNumber('vectors', 1), describe: 'vectors of a group' })
      .option('dimension', { type: 'number', default: 128, coerce: wholeNumber('dimension', 1), describe: 'values of a vector' })
      .option('rounds', { type: 'number', default: 5, coerce: wholeNumber('rounds', 1), describe: 'turns of each' }),
  async run({ python, backend, candidates, vectors, dimension, rounds }, say) {
    const { name } = await selectBackend(parseBackendRequest(backend));
    const groupOf = (place: number): VectorGroup => {
      const random = new RandomNumbers(1, `group ${place}`);
      return vectorGroup(
        Float32Array.from({ length: vectors * dimension }, () => random.normal()),
        dimension,
      );
    };
    const [query, groups] = [groupOf(-1), Array.from({ length: candidates }, (_, place) => groupOf(place))];
    await using peer = python === undefined ? undefined : await startPeer(python, query, groups);
    const scorer = createGroupScorer({ scorer: 'maxsim' });
    const times = {
      tensors: [] as number[],
      simd: [] as number[],
      plain: [] as number[],
      processor: [] as number[],
      torch: [] as number[],
    };
    for (let round = 0; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      for (const [key, innerProducts] of [
        ['tensors', tensorInnerProducts],
        ['simd', simdInnerProducts],
        ['plain', plainInnerProducts],
      ] as const) {
        const [start, usage] = [performance.now(), process.cpuUsage()];
        const scores = await scoreGroups(query, groups, { scorer, innerProducts });
        // The first round warms up, and shows that all compute the same.
        if (round > 0) {
          times[key].push(performance.now() - start);
          const { user, system } = process.cpuUsage(usage);
          if (key === 'simd') times.processor.push((user + system) / 1000);
        }
        if (round === 0) await peer?.check(scores.reduce((sum, score) => sum + score, 0));
      }
      const seconds = await peer?.score();
      if (round > 0 && seconds !== undefined) times.torch.push(seconds * 1000);
    }
    const torch = peer && { name: `PyTorch ${peer.version}`, value: median(times.torch) };
    const shape = `${candidates} candidates x ${vectors} vectors x ${dimension} values`;
    const measurements: Measurement[] = [
      {
        name: `by SIMD in one thread: the processor's time, ${shape}`,
        value: median(times.processor),
        unit: 'ms',
        bar: { atMost: BAR },
      },
      {
        name: 'by SIMD in one thread',
        value: median(times.simd),
        unit: 'ms',
        ...(torch && { reference: torch, bar: { atMost: 2 } }),
      },
      { name: `on ${name}`, value: median(times.tensors), unit: 'ms', ...(torch && { reference: torch }) },
      { name: 'in plain loops', value: median(times.plain), unit: 'ms', ...(torch && { reference: torch }) },
      ...(await storedBytes(groups.slice(0, 256), dimension)),
    ];
    return {
      bench: 'groups',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [`Random directions; maxsim; medians of ${rounds} rounds, taken in turns; ${THREADS} threads of PyTorch.`],
      measurements,
    };
  },
};

async function storedBytes(groups: readonly VectorGroup[], dimension: number): Promise<Measurement[]> {
  const rows = new Float32Array(groups.length * groups[0]!.data.length);
  groups.forEach(({ data }, place) => void rows.set(data, place * data.length));
  const codebook = writeCodebook(await trainCodebook(rows, dimension, { innerProducts: tensorInnerProducts }));
  return GROUP_CODECS.map((kind) => ({
    name: `bytes of a group, ${kind}`,
    value: openGroupCodec(kind, dimension, codebook).encode(groups[0]!).length,
    unit: 'bytes',
  }));
}

/** PyTorch in a Python process that holds the candidates. */
async function startPeer(python: string, query: VectorGroup, groups: readonly VectorGroup[]) {
  const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
  const [queryFile, candidatesFile] = [join(folder, 'query'), join(folder, 'candidates')];
  await writeFile(queryFile, query.data);
  await writeFile(candidatesFile, Buffer.concat(groups.map(({ data }) => Buffer.from(data.buffer))));
  const { dimension, vectors } = query;
  const program = spawn(python, [PEER, queryFile, candidatesFile, ...[dimension, vectors, THREADS].map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next();
    if (!line.done) return JSON.parse(line.value) as Record<string, unknown>;
    throw new CemError('BENCH_TORCH', `${python} cannot run PyTorch; name a Python that has it (pip install torch)`);
  };
  const ask = (): Promise<Record<string, unknown>> => {
    program.stdin.write('score\n');
    return read();
  };
  const close = async (): Promise<void> => {
    program.stdin.end();
    await rm(folder, { recursive: true, force: true });
  };
  const { version } = await read();
  return {
    version: String(version),
    score: async () => Number((await ask())['seconds']),
    check: async (sum: number) => {
      const theirs = Number((await ask())['sum']);
      if (Math.abs(theirs - sum) > SAME * Math.abs(theirs))
        throw new CemError('BENCH_DIFFERENT', `scores add up to ${sum}, and PyTorch's to ${theirs}`);
    },
    [Symbol.asyncDispose]: close,
  };
}
