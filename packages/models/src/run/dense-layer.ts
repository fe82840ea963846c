/** A linear layer applied to what a graph gives: `activation(W x + b)`, plus `R x` or `x` where the layer is residual. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** `outputs × inputs`, row by row. */
  readonly weight: Float32Array;
  readonly bias?: Float32Array;
  readonly activation: Activation;
  /** The residual's own matrix, or `identity` where the sizes are equal. */
  readonly residual?: Float32Array | 'identity';
}

export type Activation = 'identity' | 'tanh' | 'relu' | 'gelu' | 'sigmoid' | 'silu';

/** The names that PyTorch gives the activations. */
export const torchActivations: Readonly<Record<string, Activation>> = {
  'torch.nn.modules.linear.Identity': 'identity',
  'torch.nn.modules.activation.Tanh': 'tanh',
  'torch.nn.modules.activation.ReLU': 'relu',
  'torch.nn.modules.activation.GELU': 'gelu',
  'torch.nn.modules.activation.Sigmoid': 'sigmoid',
  'torch.nn.modules.activation.SiLU': 'silu',
};

/** Runs rows through layers, one after the other. */
export function applyLayers(rows: Float32Array, count: number, layers: readonly DenseLayer[]): Float32Array {
  for (const layer of layers) rows = applyLayer(rows, count, layer);
  return rows;
}

function applyLayer(rows: Float32Array, count: number, layer: DenseLayer): Float32Array {
  const { inputs, outputs, weight, bias, activation, residual } = layer;
  const result = multiply(rows, count, weight, inputs, outputs);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < outputs; i++) {
      const at = row * outputs + i;
      result[at] = activate(result[at]! + (bias === undefined ? 0 : bias[i]!), activation);
    }
  }
  if (residual === undefined) return result;
  const added = residual === 'identity' ? rows : multiply(rows, count, residual, inputs, outputs);
  for (let i = 0; i < result.length; i++) result[i]! += added[i]!;
  return result;
}

/** `rows × weightᵀ`, four rows at a time so that each weight that is loaded is used four times. */
function multiply(rows: Float32Array, count: number, weight: Float32Array, inputs: number, outputs: number): Float32Array {
  const result = new Float32Array(count * outputs);
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = row * inputs;
    const b = a + inputs;
    const c = b + inputs;
    const d = c + inputs;
    for (let i = 0; i < outputs; i++) {
      const w = i * inputs;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0; k < inputs; k++) {
        const x = weight[w + k]!;
        s0 += x * rows[a + k]!;
        s1 += x * rows[b + k]!;
        s2 += x * rows[c + k]!;
        s3 += x * rows[d + k]!;
      }
      const at = row * outputs + i;
      result[at] = s0;
      result[at + outputs] = s1;
      result[at + 2 * outputs] = s2;
      result[at + 3 * outputs] = s3;
    }
  }
  for (; row < count; row++) {
    for (let i = 0; i < outputs; i++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += weight[i * inputs + k]! * rows[row * inputs + k]!;
      result[row * outputs + i] = sum;
    }
  }
  return result;
}

function activate(x: number, activation: Activation): number {
  switch (activation) {
    case 'identity':
      return x;
    case 'tanh':
      return Math.tanh(x);
    case 'relu':
      return Math.max(x, 0);
    case 'gelu':
      return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'silu':
      return x / (1 + Math.exp(-x));
  }
}

/** The error function to 1.2e-7 relative (W. J. Cody's idea in the form of Numerical Recipes' `erfc` by Chebyshev fitting). */
function erf(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + 0.5 * z);
  const polynomial =
    -1.26551223 +
    t *
      (1.00002368 +
        t *
          (0.37409196 +
            t *
              (0.09678418 +
                t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  const complement = t * Math.exp(-z * z + polynomial);
  return x >= 0 ? 1 - complement : complement - 1;
}
