/** Sentences that stand by themselves. */
export type Words<Keys extends string> = Record<Keys, string>;
