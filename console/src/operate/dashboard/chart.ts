/** Geometry of the rate chart; pixels and fractions, no drawing. */

const LOWEST = [0.99, 0.95, 0.9, 0.8, 0.5, 0] as const;

export interface RateAxis {
  /** The rate at the bottom; the top is 1. */
  low: number;
  ticks: number[];
}

/** Rates of cameras lie close to 1, where a difference counts: the axis begins below the lowest of them. */
export function rateAxis(rates: readonly (number | null)[]): RateAxis {
  const lowest = Math.min(1, ...rates.filter((rate) => rate !== null));
  const low = LOWEST.find((each) => each < lowest) ?? 0;
  const ticks = [0, 1, 2, 3, 4].map((index) => round(low + ((1 - low) * index) / 4));
  return { low, ticks };
}

/** Pixels from the top of a plot of this height. */
export function rateY(rate: number, { low }: RateAxis, height: number): number {
  const clamped = Math.min(1, Math.max(low, rate));
  return ((1 - clamped) / (1 - low)) * height;
}

/** Of a band, so that the first hour of a day is no wall. */
const WIDEST = 48;

/** Left edge and width of each of `count` bands, with at most 2 px between them and never thinner than 1 px. */
export function bands(count: number, width: number): { x: number; width: number }[] {
  if (count === 0) return [];
  const step = width / count;
  const gap = step > 6 ? 2 : step > 3 ? 1 : 0;
  return Array.from({ length: count }, (_, index) => ({
    x: index * step,
    width: Math.min(WIDEST, Math.max(1, step - gap)),
  }));
}

/** Which bands carry a label of `labelWidth` pixels so that none touches another. */
export function labelled(count: number, width: number, labelWidth: number): number[] {
  if (count === 0 || width <= 0) return [];
  const every = Math.max(1, Math.ceil(labelWidth / (width / count)));
  return Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
