// snippets/derive.py once more, for figures one can touch: pure functions, no DOM. Nothing here
// knows a method; it knows lines, and what follows from them.
//
// A matrix is an array of rows: a weight is (out, in), examples are columns. Names are Python's in
// camelCase. `trainable` is an array of names. No argument is changed.

/** Thrown for what can't be computed; its message is a sentence for the reader. */
export class InputError extends Error {
  name = "InputError";
}

// Matrices.

const map = (a, change) => a.map((row, i) => row.map((value, j) => change(value, i, j)));
const add = (a, b) => map(a, (value, i, j) => value + b[i][j]);
const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);

/** aᵀ: (rows, columns) becomes (columns, rows). */
export const transpose = (a) => a[0].map((_, j) => a.map((row) => row[j]));

/** (rows, inner) times (inner, columns) gives (rows, columns). */
export function multiply(a, b) {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => {
    let total = 0;
    for (let k = 0; k < row.length; k++) total += row[k] * column[k];
    return total;
  }));
}

function logSoftmax(Y) {
  return transpose(transpose(Y).map((column) => {
    const largest = Math.max(...column); // taking it away keeps exp from overflowing
    const log = Math.log(sum(column.map((value) => Math.exp(value - largest))));
    return column.map((value) => value - largest - log);
  }));
}

const FUNCTIONS = {
  "": (Z) => Z,
  relu: (Z) => map(Z, (value) => Math.max(value, 0)),
  softmax: (Y) => map(logSoftmax(Y), Math.exp),
};

// Lines: {name, terms: [[times, [factor, factor]], ...], function, gate, slope}.

/** Lines out of the lists that Python writes them as. */
export const readLines = (lists) => lists.map(([name, terms, kind, gate, slope]) =>
  ({ name, terms, function: kind, gate, slope }));

const toLine = (name, terms, more) => ({ name, terms, function: "", gate: "", slope: "", ...more });
const alone = (name, times = "1") => [times, [name]];
export const isTurned = (name) => name.endsWith("ᵀ");
export const bare = (name) => name.replace("ᵀ", "");
export const newName = (name) => `${name[0]}'${name.slice(1)}`;

/** The names that a line is made of. */
export const partsOf = ({ terms, gate }) =>
  [...terms.flatMap(([, factors]) => factors), ...(gate ? [gate] : [])];

/** The names of the forward pass that something trainable lies behind. */
function namesBehind(lines, trainable) {
  const behind = new Set(trainable);
  for (const line of lines) if (partsOf(line).some((part) => behind.has(part))) behind.add(line.name);
  for (const name of trainable) behind.delete(name);
  return behind;
}

/** The lines from the bottom up that are the same in each step: what the last makes can be stored. */
export function steadyBottom(lines, trainable) {
  const behind = namesBehind(lines, trainable);
  const first = lines.findIndex(({ name }) => behind.has(name));
  return first < 0 ? lines : lines.slice(0, first);
}

const isReluOfOne = ({ terms, function: kind }) =>
  kind === "relu" && terms.length === 1 && terms[0][1].length === 1;

/** The lines of the backward pass, from the top down as far as something trains. */
export function backwardLines(lines, trainable) {
  const behind = namesBehind(lines, trainable);
  const arrived = new Map([...behind].map((name) => [name, []])); // terms of dL/d of each
  arrived.set(lines.at(-1).name, [alone("E")]);
  const gates = new Map(lines.filter(isReluOfOne).map(({ name, terms }) => [terms[0][1][0], name]));
  const passed = [];
  const send = (name, ...terms) => arrived.get(name)?.push(...terms);
  for (const line of lines.toReversed()) {
    if (!behind.has(line.name)) continue;
    const terms = arrived.get(line.name);
    if (isReluOfOne(line)) { // H = ReLU(Z): what arrives at H goes on to Z, and H gates it
      send(line.terms[0][1][0], ...terms);
      continue;
    }
    const gate = line.function ? line.name : gates.get(line.name) ?? "";
    let [[times, [signal]]] = terms;
    if (gate || terms.length > 1 || times !== "1" || terms[0][1].length > 1) {
      signal = line.slope; // else there is nothing to compute
      passed.push(toLine(signal, terms, { gate }));
    }
    for (const [by, [left, right]] of line.terms) {
      if (!right) send(left, alone(signal, by));
      else {
        if (trainable.includes(left)) passed.push(toLine(`dL/d${left}`, [[by, [signal, `${right}ᵀ`]]]));
        send(right, [by, [`${left}ᵀ`, signal]]);
      }
    }
  }
  return passed;
}

/** The lines of E, what a loss passes back. */
function errorLines(lines, loss) {
  const output = lines.at(-1).name;
  if (loss === "squared error") return [toLine("E", [alone(output), alone("T", "−1")])];
  return [
    toLine("P", [alone(output)], { function: "softmax" }),
    toLine("E", [alone("P", "1/n"), alone("T", "−1/n")]),
  ];
}

/** A whole step: forward, error, backward, update. */
export function stepLines(lines, trainable, loss = "squared error") {
  const back = backwardLines(lines, trainable);
  const names = back.filter(({ name }) => name.startsWith("dL/d")).map(({ name }) => name.slice(4))
    .sort((a, b) => a.slice(1) - b.slice(1)); // layer by layer from the bottom
  const deltas = names.map((name) => toLine(`Δ${name}`, [alone(`dL/d${name}`, "−η")]));
  const moved = names.map((name) => toLine(newName(name), [alone(name), alone(`Δ${name}`)]));
  return [...lines, ...errorLines(lines, loss), ...back, ...deltas, ...moved];
}

// Computing.

/** Compute the lines one after the other: {name: matrix}, the given ones too. */
export function evaluate(lines, given, numbers = {}) {
  const values = { ...given };
  const part = (name) => (isTurned(name) ? transpose(values[bare(name)]) : values[name]);
  for (const { name, terms, function: kind, gate } of lines) {
    const parts = terms.map(([times, [left, right]]) => {
      const by = times === "1" ? 1 : times === "−1" ? -1 : numbers[times];
      const term = right ? multiply(part(left), part(right)) : part(left);
      return map(term, (value) => by * value);
    });
    values[name] = map(FUNCTIONS[kind](parts.reduce(add)), (value, i, j) => {
      if (!Number.isFinite(value)) {
        throw new InputError(`${name} would hold a number too large to compute with.`);
      }
      return gate && values[gate][i][j] <= 0 ? 0 : value + 0; // + 0 makes a 0 of −0
    });
  }
  return values;
}

/** ½ Σ (Y − T)², or the mean over the columns of −log softmax(Y) where T holds a 1. */
export function lossOf(Y, T, loss = "squared error") {
  if (loss === "squared error") return sum(map(Y, (value, i, j) => (value - T[i][j]) ** 2).flat()) / 2;
  return -sum(map(logSoftmax(Y), (log, i, j) => T[i][j] && log).flat()) / T[0].length;
}

/** A 1 in each column where its largest number is, else 0: the class that a target names. */
export function toClasses(T) {
  const rows = transpose(T).map((column) => column.indexOf(Math.max(...column)));
  return map(T, (_, i, j) => Number(rows[j] === i));
}

// Counting.

const shapeOf = (name, known) =>
  (isTurned(name) ? known[bare(name)].toReversed() : known[name]);

/** The shape of every name, from those of the given ones: {"W1": [40, 30], ...}. */
export function shapes(lines, given) {
  const known = { ...given };
  for (const { name, terms: [[, factors]] } of lines) {
    known[name] = [shapeOf(factors[0], known)[0], shapeOf(factors.at(-1), known)[1]];
  }
  return known;
}

/** The multiply-adds of all products in the lines. */
export function multiplyAdds(lines, known) {
  const products = lines.flatMap(({ terms }) => terms).filter(([, factors]) => factors.length === 2);
  return sum(products.map(([, [left, right]]) =>
    shapeOf(left, known)[0] * shapeOf(left, known)[1] * shapeOf(right, known)[1]));
}

const inputOf = (lines) => lines[0].terms[0][1].at(-1);

/** The names that a program keeps from the forward to the backward pass: activations. */
export function kept(lines, trainable) {
  const made = new Set([inputOf(lines), ...lines.map(({ name }) => name)]);
  const read = backwardLines(lines, trainable).flatMap(partsOf).map(bare);
  return [...new Set(read)].filter((name) => made.has(name));
}

/**
 * What a step costs, by the names of snippets/cost.py. `weights` are shapes; `lines` are those of
 * the forward pass that run: the frozen bottom may be left out, then its output is read.
 */
export function costsOf(lines, weights, trainable, columns, tasks) {
  const input = inputOf(lines);
  const rows = weights[lines[0].terms[0][1][0]][1];
  const step = stepLines(lines, trainable);
  const known = shapes(step, { ...weights, [input]: [rows, 1] });
  const count = (names) => sum(names.map((name) => weights[name][0] * weights[name][1]));
  const trained = count(trainable);
  return {
    trainable: trained,
    gradient_and_optimizer: 3 * trained,
    activations_kept: columns * sum(kept(lines, trainable).map((name) => known[name][0])),
    multiply_adds: multiplyAdds(step, known),
    stored_for_tasks: count(Object.keys(weights)) + (tasks - 1) * trained,
    stored_outputs: input === "X" ? 0 : columns * rows,
  };
}
