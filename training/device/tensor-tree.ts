import assert from 'node:assert/strict';
import { type CompiledFunction, compileFunction } from '../../model/backend/index.ts';
import { tf } from '../../model/index.ts';

/*
 * Trees of tensors: tensors by name and by place, in whatever form code reads well, such as `{ weights: [a, b], tables: [c] }`; what is undefined is not there. Functions that backends
 * compile take them as one list.
 */

/** All tensors of a tree, in the order of `inShapeOf`. */
export function leavesOf(tree: object | undefined): tf.Tensor[] {
  if (tree === undefined) return [];
  if (tree instanceof tf.Tensor) return [tree];
  return partsOf(tree).flatMap(([, part]) => leavesOf(part));
}

/** A tree like another one, of other tensors. */
function inShapeOf<Tree extends object>(tree: Tree, leaves: readonly tf.Tensor[]): Tree {
  let next = 0;
  const build = (part: object | undefined): object | undefined => {
    if (part === undefined) return undefined;
    if (part instanceof tf.Tensor) return leaves[next++]!;
    if (Array.isArray(part)) return part.map((member: object) => build(member));
    return Object.fromEntries(partsOf(part).map(([name, member]) => [name, build(member)]));
  };
  const built = build(tree) as Tree;
  assert.equal(next, leaves.length);
  return built;
}

/** Names and lengths of a tree, without its tensors. */
function outlineOf(tree: object | undefined): string {
  if (tree === undefined) return '-';
  if (tree instanceof tf.Tensor) return '.';
  const parts = partsOf(tree).map(([name, part]) => (Array.isArray(tree) ? outlineOf(part) : `${name}:${outlineOf(part)}`));
  return Array.isArray(tree) ? `[${parts.join('')}]` : `{${parts.join(',')}}`;
}

function partsOf(tree: object): [name: string, part: object | undefined][] {
  return Object.entries(tree);
}

/** Places among the leaves of a tree of those that some of its parts have. */
function placesOf(tree: object, parts: readonly string[]): number[] {
  let next = 0;
  return partsOf(tree).flatMap(([name, part]) => {
    const places = leavesOf(part).map(() => next++);
    return parts.includes(name) ? places : [];
  });
}

interface Outlined<Output> {
  readonly compiled: CompiledFunction;
  /** Results as they were first; undefined before. */
  output: Output | undefined;
  /** What the function is being called with. */
  input: object | undefined;
}

/** What becomes of the parts of an input. */
interface TreeParts<Input> {
  /** Parts whose memory results may take: `run` disposes of them. */
  readonly donated?: readonly (keyof Input & string)[];
  /** Parts whose tensors devices share along their first axis, where it can be divided. */
  readonly divided?: readonly (keyof Input & string)[];
  /** Devices that compute together, where the backend has several; 1 unless given. */
  readonly devices?: number;
}

/** A pure function of trees of tensors, which the backend may make one program of for each outline and each combination of shapes; see `compileFunction`. */
export class TreeFunction<Input extends object, Output extends object> {
  readonly #name: string;
  readonly #function: (input: Input) => Output;
  readonly #parts: TreeParts<Input>;
  readonly #byOutline = new Map<string, Outlined<Output>>();

  constructor(name: string, run: (input: Input) => Output, parts: TreeParts<Input> = {}) {
    this.#name = name;
    this.#function = run;
    this.#parts = parts;
  }

  /** Results are the caller's, inputs stay it, but for those that are donated. */
  run(input: Input): Output {
    const outline = outlineOf(input);
    const known = this.#byOutline.get(outline) ?? this.#add(outline, input);
    known.input = input;
    const results = known.compiled.run(leavesOf(input));
    known.input = undefined;
    return inShapeOf(known.output!, results);
  }

  /** Programs that were made so far; 0 where the backend makes none. */
  get compilations(): number {
    return [...this.#byOutline.values()].reduce((sum, { compiled }) => sum + compiled.compilations, 0);
  }

  dispose(): void {
    for (const { compiled } of this.#byOutline.values()) compiled.dispose();
    this.#byOutline.clear();
  }

  #add(outline: string, input: Input): Outlined<Output> {
    const { donated = [], divided = [], devices = 1 } = this.#parts;
    const compiled = compileFunction(
      this.#name,
      (leaves) => {
        const output = this.#function(inShapeOf(known.input! as Input, leaves));
        known.output = output;
        return leavesOf(output);
      },
      {
        donated: placesOf(input, donated),
        ...(devices > 1 && { division: { devices, inputs: placesOf(input, divided) } }),
      },
    );
    const known: Outlined<Output> = { compiled, output: undefined, input: undefined };
    this.#byOutline.set(outline, known);
    return known;
  }
}
