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

/** A tree taken apart. */
interface Flat {
  readonly outline: string;
  readonly leaves: readonly tf.Tensor[];
}

function flatten(tree: object | undefined): Flat {
  return { outline: outlineOf(tree), leaves: leavesOf(tree) };
}

/** A part of an output as it was first, and how many tensors it has. */
interface OutputPart {
  readonly name: string;
  readonly part: object | undefined;
  readonly leaves: number;
}

interface Outlined {
  readonly compiled: CompiledFunction;
  /** Known when it has been called. */
  output: readonly OutputPart[];
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
  readonly #byOutline = new Map<string, Outlined>();
  /** Donated parts whose tensors results have renewed: these go from call to call. */
  readonly #flat = new WeakMap<object, Flat>();

  constructor(name: string, run: (input: Input) => Output, parts: TreeParts<Input> = {}) {
    this.#name = name;
    this.#function = run;
    this.#parts = parts;
  }

  /** Results are the caller's, inputs stay it, but for those that are donated: a part of the output whose name and tensors are those of a donated part is that part. */
  run(input: Input): Output {
    const parts = partsOf(input).map(([name, part]) => {
      const flat = (part && this.#flat.get(part)) ?? flatten(part);
      return { name, part, ...flat };
    });
    const outline = parts.map(({ name, outline }) => `${name}:${outline}`).join(',');
    const known = this.#byOutline.get(outline) ?? this.#add(outline, parts);
    known.input = input;
    const results = known.compiled.run(parts.flatMap(({ leaves }) => leaves));
    known.input = undefined;
    let next = 0;
    const output = known.output.map(({ name, part, leaves }) => {
      const first = next;
      next += leaves;
      const before = parts.find((of) => of.name === name);
      if (
        !before?.part ||
        before.leaves.length !== leaves ||
        before.leaves.some((leaf, place) => leaf !== results[first + place])
      )
        return [name, part && inShapeOf(part, results.slice(first, next))];
      this.#flat.set(before.part, before);
      return [name, before.part];
    });
    return Object.fromEntries(output) as Output;
  }

  /** Programs that were made so far; 0 where the backend makes none. */
  get compilations(): number {
    return [...this.#byOutline.values()].reduce((sum, { compiled }) => sum + compiled.compilations, 0);
  }

  dispose(): void {
    for (const { compiled } of this.#byOutline.values()) compiled.dispose();
    this.#byOutline.clear();
  }

  #add(outline: string, input: readonly ({ readonly name: string } & Flat)[]): Outlined {
    const { donated = [], divided = [], devices = 1 } = this.#parts;
    /** Places among all leaves of those that some parts have. */
    const placesOf = (names: readonly string[]): number[] => {
      let next = 0;
      return input.flatMap(({ name, leaves }) => {
        const places = leaves.map(() => next++);
        return names.includes(name) ? places : [];
      });
    };
    const compiled = compileFunction(
      this.#name,
      (leaves) => {
        const output = this.#function(inShapeOf(known.input! as Input, leaves));
        known.output = partsOf(output).map(([name, part]) => ({ name, part, leaves: leavesOf(part).length }));
        return leavesOf(output);
      },
      {
        donated: placesOf(donated),
        ...(devices > 1 && { division: { devices, inputs: placesOf(divided) } }),
      },
    );
    const known: Outlined = { compiled, output: [], input: undefined };
    this.#byOutline.set(outline, known);
    return known;
  }
}
