// The mathematics of snippets/ once more, for figures one can touch: pure functions, no DOM.
//
// A matrix is an array of rows, each an array of numbers: a weight is (out, in), examples are
// columns. Names are Python's in camelCase, arguments and the keys of results are the same and in
// the same order; a tuple is an array here. What Python refuses with a ValueError is refused with
// an InputError and the same message. No argument is changed, none is shared with a result.

/** Thrown for an argument that doesn't fit; its message names it, the wish and the value. */
export class InputError extends Error {
  name = "InputError";
}

const METHODS = ["full", "freeze", "probe", "head", "adapters", "lora"];

// Matrices, unchecked.

const sizeOf = (a) => [a.length, a[0].length];
const map = (a, change) => a.map((row) => row.map(change));
const combine = (a, b, join) => a.map((row, i) => row.map((value, j) => join(value, b[i][j])));
const plus = (a, b) => combine(a, b, (x, y) => x + y);
const minus = (a, b) => combine(a, b, (x, y) => x - y);
const scale = (factor, a) => map(a, (value) => factor * value);
const flip = (a) => a[0].map((_, j) => a.map((row) => row[j]));
const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);
const rectify = (Z) => map(Z, (value) => Math.max(value, 0));
/** What passes back through a ReLU: the signal where its output H is above 0. */
const gate = (signal, H) => combine(signal, H, (value, h) => (h > 0 ? value : 0));

function times(a, b) {
  const columns = flip(b);
  return a.map((row) => columns.map((column) => {
    let total = 0;
    for (let k = 0; k < row.length; k++) total += row[k] * column[k];
    return total;
  }));
}

const timesFlipped = (a, b) => times(a, flip(b)); // a bᵀ
const flippedTimes = (a, b) => times(flip(a), b); // aᵀ b

// Objects by name. fromEntries takes "__proto__" for a name like any other.

const isDict = (value) => Object.prototype.toString.call(value) === "[object Object]";
const has = (dict, name) => Object.hasOwn(dict, name);
const mapValues = (dict, change) =>
  Object.fromEntries(Object.entries(dict).map(([name, value]) => [name, change(value, name)]));
const lastOf = (trace) => Object.values(trace).at(-1);
const moved = (parameters, changes) =>
  mapValues(parameters, (W, name) => (has(changes, name) ? plus(W, changes[name]) : W));

// Checks: each returns the value as the rest works with it, or throws.

function refuse(wish, got) {
  throw new InputError(got === undefined ? wish : `${wish}, got ${got}`);
}

const shapeText = (a) => sizeOf(a).join("×");
const tuple = (items) => `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
const isWhole = Number.isSafeInteger; // beyond 2**53 a count would no longer be exact
const PYTHON = { true: "True", false: "False", null: "None", undefined: "None", NaN: "nan",
  Infinity: "inf", "-Infinity": "-inf" };

/** A value as Python writes it. */
function repr(value) {
  if (typeof value === "string") return `'${value}'`;
  if (Array.isArray(value)) return `[${Array.from(value, repr).join(", ")}]`;
  if (isDict(value)) {
    const items = Object.entries(value).map((item) => item.map(repr).join(": "));
    return `{${items.join(", ")}}`;
  }
  return PYTHON[String(value)] ?? String(value);
}

/** The shape of nested arrays as NumPy sees it: [] for a number, null if rows differ. */
function shapeOf(value) {
  if (!Array.isArray(value)) return [];
  const shapes = Array.from(value, shapeOf);
  if (shapes.some((shape) => !shape || String(shape) !== String(shapes[0]))) return null;
  return [value.length, ...(shapes[0] ?? [])];
}

/** A fresh copy of a matrix of finite numbers, (rows, columns), neither of them 0. */
export function checkMatrix(value, name) {
  const width = value?.[0]?.length;
  const isFine = (row) =>
    Array.isArray(row) && row.length === width && [...row].every(Number.isFinite);
  if (!Array.isArray(value) || !width || ![...value].every(isFine)) {
    refuse(`${name} must ${whatIsWrong(value)}`);
  }
  return value.map((row) => [...row]);
}

function whatIsWrong(value) {
  const shape = shapeOf(value);
  if (!shape) return "be a matrix with rows of equal length";
  const entries = [value].flat(Infinity);
  for (const entry of entries) {
    if (typeof entry !== "number") return `be a matrix of real numbers, got ${repr(entry)}`;
  }
  if (shape.length !== 2) return `be a matrix (rows, columns), got shape ${tuple(shape)}`;
  if (!entries.length) return `have at least one row and one column, got ${shape.join("×")}`;
  const at = entries.findIndex((entry) => !Number.isFinite(entry));
  const row = Math.floor(at / shape[1]);
  const where = `row ${row + 1}, column ${at - row * shape[1] + 1}`;
  return `hold finite numbers only, got ${repr(entries[at])} in ${where}`;
}

function checkWhole(numbers) {
  for (const [name, value] of Object.entries(numbers)) {
    if (!isWhole(value) || value < 1) {
      refuse(`${name} must be a whole number, 1 or more`, repr(value));
    }
  }
}

function checkReal(value, name) {
  if (Number.isFinite(value) && value >= 0) return;
  refuse(`${name} must be a finite number, 0 or more`, repr(value));
}

function namedMatrices(value, name, example = "W3") {
  if (!isDict(value)) refuse(`${name} must be a dict such as {"${example}": ...}`, repr(value));
  return mapValues(value, (array, key) => checkMatrix(array, `${name} ${key}`));
}

/** A matrix of a shape. */
function checkSize(value, name, shape, like = "") {
  const a = checkMatrix(value, name);
  const wish = shape.join("×");
  if (shapeText(a) !== wish) refuse(`${name} must be ${wish}${like}`, shapeText(a));
  return a;
}

/** A matrix of so many rows. */
function checkRows(value, name, rows, why = "") {
  const a = checkMatrix(value, name);
  if (a.length !== rows) refuse(`${name} must have ${rows} rows${why}`, shapeText(a));
  return a;
}

/** The numbers behind the names, in order: {"W3": ..., "W2": ...} gives [2, 3]. */
function layerNumbers(weights) {
  if (!isDict(weights) || !Object.keys(weights).length) {
    refuse('weights must be a dict such as {"W1": ..., "W2": ...}', repr(weights));
  }
  const numbers = Object.keys(weights).map((key) => {
    if (/^W[1-9]\d{0,14}$/.test(key)) return Number(key.slice(1));
    return refuse("weights must be named W1, W2, W3 and so on", repr(key));
  }).sort((a, b) => a - b);
  if (numbers.some((k, i) => k !== numbers[0] + i)) {
    refuse("weights must be a chain without a gap", namesOf(numbers).join(", "));
  }
  return numbers;
}

const namesOf = (numbers) => numbers.map((k) => `W${k}`);

// A network is a chain, from the bottom up: [{k: 1, W: W1}, {k: 2, W: W2}, ...].

const nameLayers = (chain) => Object.fromEntries(chain.map(({ k, W }) => [`W${k}`, W]));

/** The links from the top down to the lowest of a kind; none if there is none. */
function downTo(chain, isKind) {
  const lowest = chain.findIndex(isKind);
  return lowest < 0 ? [] : chain.slice(lowest).reverse();
}

/** The chain of weights {"W1": ..., "W2": ...}; what W1 puts out, W2 must take in. */
function checkLayers(weights) {
  const chain = layerNumbers(weights)
    .map((k) => ({ k, W: checkMatrix(weights[`W${k}`], `W${k}`) }));
  chain.forEach(({ k, W }, i) => {
    const wish = i ? chain[i - 1].W.length : W[0].length;
    if (W[0].length === wish) return;
    refuse(`W${k} must have ${wish} columns to fit W${k - 1}`, shapeText(W));
  });
  return chain;
}

/** What the lowest layer takes in. */
const checkInput = (X, name, [{ k, W }]) => checkRows(X, name, W[0].length, ` to fit W${k}`);

/** The chain with {down: D1, up: U1} out of {"D1": ..., "U1": ...}; D takes in widthOf(W). */
function checkPairs(value, name, letters, chain, widthOf) {
  const matrices = namedMatrices(value, name, letters[0] + chain.at(-1).k);
  const known = chain.flatMap(({ k }) => letters.map((letter) => letter + k));
  for (const key of Object.keys(matrices)) {
    if (!known.includes(key)) refuse(`${name} must be named among ${known.join(", ")}`, repr(key));
  }
  return chain.map(({ k, W }) => {
    const names = letters.map((letter) => letter + k);
    const missing = names.filter((key) => !has(matrices, key));
    if (missing.length === 2) return { k, W };
    if (missing.length) refuse(`${name} must hold ${names.join(" and ")}`, `no ${missing}`);
    const [down, up] = names.map((key) => matrices[key]);
    checkSize(down, `${name} ${names[0]}`, [down.length, widthOf(W)]);
    checkSize(up, `${name} ${names[1]}`, [W.length, down.length]);
    return { k, W, down, up };
  });
}

const hasPair = ({ down }) => down;

/** The names of the layers that train, as a Set; each must be in `weights`. */
function checkTrainable(trainable, weights) {
  if (!Array.isArray(trainable) && !(trainable instanceof Set)) {
    const wish = 'a collection of layer names such as {"W3"}';
    refuse(`trainable must be ${wish}`, repr(trainable));
  }
  for (const name of trainable) {
    if (Object.keys(weights).includes(name)) continue;
    const known = namesOf(layerNumbers(weights)).join(", ");
    refuse(`trainable must name layers among ${known}`, repr(name));
  }
  return new Set(trainable);
}

/** H1, H2, ... out of a trace of the forward pass; its shape must fit. */
function readTrace(trace, name, rows, columns) {
  if (!isDict(trace) || !has(trace, name)) {
    const got = isDict(trace) ? Object.keys(trace).join(", ") : repr(trace);
    refuse(`trace must hold ${name}`, got || "nothing");
  }
  return checkSize(trace[name], `trace ${name}`, [rows, columns ?? trace[name]?.[0]?.length]);
}

/** [dL/dH of the top layer, a function that reads a part of the trace with so many rows]. */
function checkSignal(slope, trace, chain) {
  const { k, W } = chain.at(-1);
  const output = readTrace(trace, `H${k}`, W.length);
  const signal = checkSize(slope, "output_gradient", sizeOf(output), ` like H${k}`);
  return [signal, (name, rows) => readTrace(trace, name, rows, signal[0].length)];
}

/** Finite numbers can have a product that overflows; a trace that holds one is refused. */
function checkTrace(trace, nameOf = (name) => name) {
  for (const [name, value] of Object.entries(trace)) checkMatrix(value, nameOf(name));
  return trace;
}

// What a cell is made of.

/** a b: (rows, inner) times (inner, columns) gives (rows, columns). */
export function multiply(a, b) {
  return times(...checkFactors(a, b));
}

/** aᵀ: (rows, columns) becomes (columns, rows). */
export function transpose(a) {
  return flip(checkMatrix(a, "a"));
}

/** Row i of a times column j of b, counted from 0: [{left, right, product}, ...]. */
export function dotProductTerms(a, b, i, j) {
  [a, b] = checkFactors(a, b);
  const [row, column] = [a[i], flip(b)[j]];
  if (!isWhole(i) || !isWhole(j) || !row || !column) {
    refuse("i and j must be numbers of a row and a column", `${repr(i)} and ${repr(j)}`);
  }
  return row.map((left, k) => ({ left, right: column[k], product: left * column[k] }));
}

function checkFactors(a, b) {
  a = checkMatrix(a, "a");
  return [a, checkRows(b, "b", a[0].length, " to fit a")];
}

// The network: snippets/network.py, count.py, forward.py.

/** {"W1": [out, in], ...} of sizes [inputs, out of layer 1, ...]. */
export function layerShapes(sizes) {
  if (!Array.isArray(sizes)) {
    refuse("sizes must list whole numbers such as (30, 40, 40, 40)", repr(sizes));
  }
  for (const size of sizes) checkWhole({ "each of sizes": size });
  if (sizes.length < 2) {
    refuse("sizes must hold the inputs and one layer or more", tuple(sizes));
  }
  return Object.fromEntries(sizes.slice(1).map((out, k) => [`W${k + 1}`, [out, sizes[k]]]));
}

/** How many numbers matrices of these shapes hold; each is [out, in]. */
export function countParameters(shapes) {
  const wish = "shapes must list pairs of whole numbers such as (40, 30)";
  if (!Array.isArray(shapes)) refuse(wish, repr(shapes));
  for (const shape of shapes) {
    if (Array.isArray(shape) && shape.length === 2 && [...shape].every(isWhole)) continue;
    refuse(wish, repr(shape));
  }
  for (const shape of shapes) {
    if (Math.min(...shape) < 1) refuse("sizes must be 1 or more", shape.join("×"));
  }
  return sum(shapes.map(([out, into]) => out * into));
}

/** Every positive number as it is, every other number as 0. */
export function relu(Z) {
  return rectify(checkMatrix(Z, "Z"));
}

/** {"H0": X, "Z1": W1 H0, "H1": ReLU(Z1), ...}; weights {"W1": (out, in), ...}, X (in, columns). */
export function forward(weights, X) {
  const chain = checkLayers(weights);
  return checkTrace(runLayers(chain, checkInput(X, "X", chain)), () => "Z");
}

function runLayers(chain, H) {
  const trace = { [`H${chain[0].k - 1}`]: H };
  for (const { k, W } of chain) {
    trace[`Z${k}`] = times(W, H); // (out, in) times (in, columns)
    trace[`H${k}`] = H = rectify(trace[`Z${k}`]);
  }
  return trace;
}

// The loss: snippets/loss.py.

/** ½ Σ (H − T)²; both (out, columns). */
export function squaredError(H, T) {
  return sum(squaredErrorGradient(H, T).flat().map((error) => error ** 2)) / 2;
}

/** dL/dH = H − T. */
export function squaredErrorGradient(H, T) {
  H = checkMatrix(H, "H");
  return minus(H, checkSize(T, "T", sizeOf(H), " like H"));
}

/** −log softmax(Y)[label], the mean over the columns; Y (classes, columns), labels [columns]. */
export function crossEntropy(Y, labels) {
  Y = checkScores(Y, labels);
  const logs = logSoftmax(Y);
  return labels.reduce((total, label, j) => total - logs[label][j], 0) / labels.length;
}

/** dL/dY = (softmax(Y) − one-hot labels) / columns. */
export function crossEntropyGradient(Y, labels) {
  Y = checkScores(Y, labels);
  return logSoftmax(Y).map((row, i) =>
    row.map((log, j) => (Math.exp(log) - (labels[j] === i ? 1 : 0)) / labels.length));
}

/** [loss, dL/dY] for loss "squared error" (targets T) or "cross-entropy" (targets are labels). */
export function lossAndGradient(Y, targets, loss) {
  if (loss === "squared error") return [squaredError(Y, targets), squaredErrorGradient(Y, targets)];
  if (loss === "cross-entropy") return [crossEntropy(Y, targets), crossEntropyGradient(Y, targets)];
  return refuse("loss must be 'squared error' or 'cross-entropy'", repr(loss));
}

function logSoftmax(Y) {
  return flip(flip(Y).map((column) => {
    const largest = Math.max(...column); // taking it away keeps exp from overflowing
    const log = Math.log(sum(column.map((value) => Math.exp(value - largest))));
    return column.map((value) => value - largest - log);
  }));
}

function checkScores(Y, labels) {
  Y = checkMatrix(Y, "Y");
  const [classes, columns] = sizeOf(Y);
  if (!Array.isArray(labels) || labels.length !== columns || ![...labels].every(isWhole)) {
    refuse(`labels must be ${columns} whole numbers, one for a column of Y`, repr(labels));
  }
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) refuse(`labels must be from 0 to ${classes - 1}`, wrong);
  return Y;
}

// Backward, update and step: snippets/backward.py, update.py, freeze.py.

/**
 * [deltas, gradients] from the top down, as far as something trains: {"Z3": δ3, ...} (out, columns)
 * and {"W3": dL/dW3, ...}. trace as forward returned it; slope (out, columns).
 */
export function backward(weights, trace, slope, trainable) {
  const chain = checkLayers(weights);
  const trained = checkTrainable(trainable, weights);
  return passBack(chain, ...checkSignal(slope, trace, chain), trained);
}

function passBack(chain, signal, read, trained) {
  const [deltas, gradients] = [{}, {}];
  for (const { k, W } of downTo(chain, (link) => trained.has(`W${link.k}`))) {
    const delta = deltas[`Z${k}`] = gate(signal, read(`H${k}`, W.length)); // (out, columns)
    if (trained.has(`W${k}`)) {
      gradients[`W${k}`] = timesFlipped(delta, read(`H${k - 1}`, W[0].length));
    }
    signal = flippedTimes(W, delta); // (in, columns)
  }
  return [deltas, gradients];
}

/** {"W3": ΔW3 = −η dL/dW3, ...} of gradients {"W3": dL/dW3, ...}. */
export function deltaWeights(gradients, learningRate) {
  checkReal(learningRate, "learning_rate");
  // + 0 turns the −0 that −η · 0 gives into a plain 0.
  return mapValues(namedMatrices(gradients, "gradients"), (gradient) =>
    map(gradient, (value) => -learningRate * value + 0));
}

/** W′ = W + ΔW of every layer, in order; a layer without a ΔW stays the same. */
export function addDelta(weights, deltas) {
  weights = nameLayers(checkLayers(weights));
  deltas = namedMatrices(deltas, "deltas");
  for (const [name, delta] of Object.entries(deltas)) {
    if (!has(weights, name)) {
      refuse(`deltas must name layers among ${Object.keys(weights).join(", ")}`, repr(name));
    }
    checkSize(delta, `deltas ${name}`, sizeOf(weights[name]), ` like ${name}`);
  }
  return moved(weights, deltas);
}

/**
 * One step of gradient descent: {weights, deltaWeights, deltas, gradients, loss, trace}, the last
 * two from before it. X (in, columns), T (out, columns), or labels for "cross-entropy".
 */
export function trainStep(weights, X, T, trainable, learningRate, loss = "squared error") {
  const trace = forward(weights, X);
  return descend(trace, T, learningRate, loss,
    (slope) => backward(weights, trace, slope, trainable),
    (changes) => addDelta(weights, changes));
}

/** What every step has in common: pass(dL/d output) goes backward, move(ΔW) updates. */
function descend(trace, targets, learningRate, loss, pass, move) {
  const [value, slope] = lossAndGradient(lastOf(trace), targets, loss);
  const [deltas, gradients] = pass(slope);
  const changes = deltaWeights(gradients, learningRate);
  const weights = move(changes);
  return { weights, deltaWeights: changes, deltas, gradients, loss: value, trace };
}

/** The names of the unbroken run of frozen layers from the bottom; only names are read. */
export function frozenBelow(weights, trainable) {
  const names = namesOf(layerNumbers(weights));
  const trained = checkTrainable(trainable, weights);
  const first = names.findIndex((name) => trained.has(name));
  return first < 0 ? names : names.slice(0, first);
}

/** frozenBelow, if storing its output serves a purpose. */
export function storableBelow(weights, trainable) {
  const frozen = frozenBelow(weights, trainable);
  const [lowest] = layerNumbers(weights);
  if (frozen.length === Object.keys(weights).length) {
    refuse("trainable must name a layer, else no step uses a stored output; got none");
  }
  if (!frozen.length) {
    refuse(`trainable must leave out W${lowest}: outputs can be stored only of layers frozen`
      + ` from the bottom up, got ${[...trainable].sort().join(", ")}`);
  }
  return frozen;
}

/** [H, rest]: the output of the frozen bottom (out, columns), and the weights above it. */
export function storeFrozenOutput(weights, X, trainable) {
  const frozen = storableBelow(weights, trainable);
  const [bottom, rest] = [{}, addDelta(weights, {})];
  for (const name of frozen) {
    bottom[name] = rest[name];
    delete rest[name];
  }
  return [lastOf(forward(bottom, X)), rest];
}

// Probe and head: snippets/probe.py, head.py.

/** Y = W4 H3: (outputs, features) times (features, columns). */
export function probeForward(W4, H3) {
  const W = checkMatrix(W4, "W4");
  return times(W, checkInput(H3, "H3", [{ k: 4, W }]));
}

/** One step on the probe alone; targets T (outputs, columns), or labels. */
export function probeStep(W4, H3, targets, learningRate, loss = "squared error") {
  const Y = probeForward(W4, H3);
  const trace = { H3: checkMatrix(H3, "H3"), Y };
  return descend(trace, targets, learningRate, loss,
    (slope) => headBackward({ W4 }, trace, slope),
    (changes) => moved({ W4 }, changes));
}

/** {"H3": H3, "Z4": W4 H3, "H4": ReLU(Z4), "Y": W5 H4}; head {"W4": (out, in), ...}, any length. */
export function headForward(head, H3) {
  const chain = checkLayers(head);
  const { k } = chain.at(-1);
  const trace = runLayers(chain, checkInput(H3, `H${chain[0].k - 1}`, chain));
  trace.Y = trace[`Z${k}`]; // scores may have any sign: no ReLU
  delete trace[`Z${k}`];
  delete trace[`H${k}`];
  return checkTrace(trace);
}

/** [{"Y": dL/dY, "Z4": δ4}, {"W5": ..., "W4": ...}]; slope is dL/dY (outputs, columns). */
export function headBackward(head, trace, slope) {
  const chain = checkLayers(head);
  const { k, W } = chain.at(-1);
  const signal = checkRows(slope, "output_gradient", W.length);
  const read = (name, rows) => readTrace(trace, name, rows, signal[0].length);
  const inputs = chain.map((link) => read(`H${link.k - 1}`, link.W[0].length));
  const gradient = timesFlipped(signal, inputs.at(-1));
  const [deltas, gradients] =
    passBack(chain.slice(0, -1), flippedTimes(W, signal), read, new Set(Object.keys(head)));
  return [{ Y: signal, ...deltas }, { [`W${k}`]: gradient, ...gradients }];
}

/** One step on every matrix of the head; targets T (outputs, columns), or labels. */
export function headStep(head, H3, targets, learningRate, loss = "squared error") {
  const trace = headForward(head, H3);
  return descend(trace, targets, learningRate, loss,
    (slope) => headBackward(head, trace, slope),
    (changes) => addDelta(head, changes));
}

// Adapters: snippets/adapter.py.

const checkAdapters = (adapters, chain) =>
  checkPairs(adapters, "adapters", ["D", "U"], chain, (W) => W.length);

/**
 * {"H0'": X, "Z1": ..., "H1": ..., "S1": ReLU(D1 H1), "H1'": H1 + U1 S1, "Z2": ..., ...};
 * adapters {"D3": (r, out), "U3": (out, r), ...}, for any of the layers.
 */
export function adapterForward(weights, adapters, X) {
  const chain = checkAdapters(adapters, checkLayers(weights));
  let H = checkInput(X, "X", chain);
  const trace = { [`H${chain[0].k - 1}'`]: H };
  for (const { k, W, down, up } of chain) {
    trace[`Z${k}`] = times(W, H);
    trace[`H${k}`] = H = rectify(trace[`Z${k}`]);
    if (down) {
      const S = trace[`S${k}`] = rectify(times(down, H)); // (r, out) times (out, columns)
      H = plus(H, times(up, S)); // (out, r) times (r, columns)
    }
    trace[`H${k}'`] = H;
  }
  return checkTrace(trace);
}

/** [{"S3": γ3, "Z3": δ3, ...}, {"U3": ..., "D3": ...}]; slope is dL/dH′ of the top. */
export function adapterBackward(weights, adapters, trace, slope) {
  const chain = checkAdapters(adapters, checkLayers(weights));
  let [signal, read] = checkSignal(slope, trace, chain);
  const [deltas, gradients] = [{}, {}];
  const links = downTo(chain, hasPair);
  for (const { k, W, down, up } of links) {
    const H = read(`H${k}`, W.length);
    if (down) {
      const S = read(`S${k}`, down.length);
      gradients[`U${k}`] = timesFlipped(signal, S);
      const gamma = deltas[`S${k}`] = gate(flippedTimes(up, signal), S);
      gradients[`D${k}`] = timesFlipped(gamma, H);
      if (k === links.at(-1).k) break; // nothing below asks for the signal
      signal = plus(signal, flippedTimes(down, gamma));
    }
    deltas[`Z${k}`] = gate(signal, H);
    signal = flippedTimes(W, deltas[`Z${k}`]);
  }
  return [deltas, gradients];
}

/** One step in which only the adapters move; arguments as in adapterForward and trainStep. */
export function adapterStep(weights, adapters, X, T, learningRate, loss = "squared error") {
  const trace = adapterForward(weights, adapters, X);
  return descend(trace, T, learningRate, loss,
    (slope) => adapterBackward(weights, adapters, trace, slope),
    (changes) => moved(namedMatrices(adapters, "adapters"), changes));
}

// LoRA: snippets/lora.py.

function checkLora(lora, chain, loraAlpha) {
  checkReal(loraAlpha, "lora_alpha");
  return checkPairs(lora, "lora", ["A", "B"], chain, (W) => W[0].length);
}

/**
 * {"H0": X, "S1": A1 H0, "Z1": W1 H0 + (α/r) B1 S1, "H1": ReLU(Z1), ...};
 * lora {"A3": (r, in), "B3": (out, r), ...}, for any of the layers.
 */
export function loraForward(weights, lora, X, loraAlpha) {
  const chain = checkLora(lora, checkLayers(weights), loraAlpha);
  let H = checkInput(X, "X", chain);
  const trace = { [`H${chain[0].k - 1}`]: H };
  for (const { k, W, down, up } of chain) {
    let Z = times(W, H);
    if (down) {
      const S = trace[`S${k}`] = times(down, H); // (r, in) times (in, columns)
      Z = plus(Z, scale(loraAlpha / down.length, times(up, S))); // (out, r) times (r, columns)
    }
    trace[`Z${k}`] = Z;
    trace[`H${k}`] = H = rectify(Z);
  }
  return checkTrace(trace);
}

/** [{"Z3": δ3, "S3": σ3, ...}, {"B3": ..., "A3": ...}]; slope is dL/dH of the top. */
export function loraBackward(weights, lora, trace, slope, loraAlpha) {
  const chain = checkLora(lora, checkLayers(weights), loraAlpha);
  let [signal, read] = checkSignal(slope, trace, chain);
  const [deltas, gradients] = [{}, {}];
  for (const { k, W, down, up } of downTo(chain, hasPair)) {
    const delta = deltas[`Z${k}`] = gate(signal, read(`H${k}`, W.length));
    signal = flippedTimes(W, delta);
    if (down) {
      const scaling = loraAlpha / down.length;
      gradients[`B${k}`] = scale(scaling, timesFlipped(delta, read(`S${k}`, down.length)));
      const sigma = deltas[`S${k}`] = scale(scaling, flippedTimes(up, delta));
      gradients[`A${k}`] = timesFlipped(sigma, read(`H${k - 1}`, W[0].length));
      signal = plus(signal, flippedTimes(down, sigma));
    }
  }
  return [deltas, gradients];
}

/** One step in which only A and B move; arguments as in loraForward and trainStep. */
export function loraStep(weights, lora, X, T, learningRate, loraAlpha, loss = "squared error") {
  const trace = loraForward(weights, lora, X, loraAlpha);
  return descend(trace, T, learningRate, loss,
    (slope) => loraBackward(weights, lora, trace, slope, loraAlpha),
    (changes) => moved(namedMatrices(lora, "lora"), changes));
}

/** W′ = W + (α/r) B A of every layer; one without A and B stays as it is. */
export function merge(weights, lora, loraAlpha) {
  return merged(weights, lora, loraAlpha, plus);
}

/** W = W′ − (α/r) B A: what merge added is taken away, up to rounding. */
export function unmerge(weights, lora, loraAlpha) {
  return merged(weights, lora, loraAlpha, minus);
}

function merged(weights, lora, loraAlpha, join) {
  const chain = checkLora(lora, checkLayers(weights), loraAlpha).map(({ k, W, down, up }) => ({
    k,
    // (out, r) times (r, in)
    W: down ? join(W, scale(loraAlpha / down.length, times(up, down))) : W,
  }));
  return checkTrace(nameLayers(chain), (name) => `${name} as float64`);
}

// Costs: snippets/cost.py, method_cost.py.

/** Costs of a step with Adam, whole numbers; stored: the frozen bottom's output is read instead. */
export function costsOfStep(sizes, trainable, columns, stored, tasks) {
  const shapes = layerShapes(sizes);
  checkWhole({ columns, tasks });
  if (typeof stored !== "boolean") refuse("stored must be True or False", repr(stored));
  const below = (stored ? storableBelow : frozenBelow)(shapes, trainable).length;
  const countFrom = (i) => countParameters(Object.values(shapes).slice(i));
  const running = countFrom(stored ? below : 0);
  const trained = countParameters([...new Set(trainable)].map((name) => shapes[name]));
  return {
    trainable: trained,
    gradient_and_optimizer: 3 * trained,
    activations_kept: trained && sum(sizes.slice(below)) * columns,
    multiply_adds: running + trained + countFrom(below + 1), // above the lowest trainable one
    stored_for_tasks: countFrom(0) - trained + tasks * trained,
    weights_in_memory: running,
    stored_outputs: stored ? sizes[below] * columns : 0,
  };
}

/**
 * What a method costs, whole numbers but for "mergeable". hidden and classes are the sizes of a
 * head, which Python has as constants.
 */
export function methodCosts(method, sizes, columns, tasks, rank, bottleneck, hidden, classes) {
  checkWhole({ columns, tasks });
  if (!METHODS.includes(method)) {
    refuse(`method must be one of ${METHODS.join(", ")}`, repr(method));
  }
  const shapes = Object.values(layerShapes(sizes));
  checkWhole({ bottleneck, rank, hidden, classes });

  let [all, trainable, step, stored] = [0, 0, 0, 0];
  const changing = new Set(); // from step to step: made with a weight that trains, or from such
  const kept = {}; // numbers a column keeps for the backward pass, by array
  const add = (out, into, source, target, relu, trains = true) => {
    const size = out * into;
    const isSignal = changing.has(source);
    const products = size * (1 + trains + isSignal); // forward, gradient of weight and of source
    all += size;
    step += products;
    if (trains || isSignal) {
      changing.add(target);
      stored += products;
    }
    if (trains) {
      trainable += size;
      kept[source] = into;
    }
    if (relu && changing.has(target)) kept[target] = out;
  };
  const top = shapes.length;
  let output = "H0";
  shapes.forEach(([out, into], i) => {
    const [H, S] = [`H${i + 1}`, `S${i + 1}`];
    add(out, into, output, H, true, method === "full" || (method === "freeze" && i + 1 === top));
    if (method === "lora") { // Z = W H + B (A H): A and B lie beside W, before its ReLU
      add(rank, into, output, S);
      add(out, rank, S, H, true);
    }
    output = H;
    if (method === "adapters") { // H′ = H + U ReLU(D H): a detour after the ReLU
      add(bottleneck, out, H, S, true);
      add(out, bottleneck, S, output = `${H}'`);
    }
  });
  if (method === "probe") add(classes, sizes[top], output, "Y");
  if (method === "head") {
    add(hidden, sizes[top], output, "S", true);
    add(classes, hidden, "S", "Y");
  }

  const pretrained = countParameters(shapes);
  // B A spans the same way as W, without a ReLU; where nothing was added, there is no answer.
  const mergeable = all === pretrained ? null : method === "lora";
  return {
    trainable,
    stored_for_tasks: all - trainable + tasks * trainable,
    gradient_and_optimizer: 3 * trainable,
    held_with_adam: all + 3 * trainable,
    multiply_adds: step,
    multiply_adds_stored: stored,
    activations_kept: sum(Object.values(kept)) * columns,
    multiply_adds_at_use: mergeable ? pretrained : all,
    mergeable,
  };
}
