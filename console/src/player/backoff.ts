/** Milliseconds before attempt `attempt` (from 0): 1 s doubling to 15 s, spread by a quarter either way. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(1000 * 2 ** attempt, 15_000);
  return base * (0.75 + random() / 2);
}
