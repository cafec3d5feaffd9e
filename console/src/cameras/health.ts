/** 0.0004 -> "0.04 %"; undefined where it is not known. */
export function formatLoss(loss: number | undefined): string | undefined {
  if (loss === undefined) return undefined;
  return `${(loss * 100).toFixed(loss > 0 && loss < 0.1 ? 2 : 0)} %`;
}

/** -1500 -> "−1500 ms"; undefined where it is not known. */
export function formatMilliseconds(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  return `${ms < 0 ? '−' : ''}${Math.abs(Math.round(ms))} ms`;
}
