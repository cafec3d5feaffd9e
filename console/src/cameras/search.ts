/** How a Chinese character may be read, without tones: 长 is "chang" and "zhang". */
export type Readings = (character: string) => readonly string[];

/** A longer word is never pinyin that somebody types; the matcher counts letters in the bits of a number. */
const LONGEST_PINYIN = 30;
/** Far more than there are; names that are no more need not be kept for ever. */
const MOST_NAMES = 100_000;
const HAN = /\p{Script=Han}/u;
const LATIN = /^[a-z0-9]+$/;

interface Spelled {
  lower: string;
  /** For each character that is no blank, how it may be typed; null for a name without a Chinese character. */
  syllables: (readonly string[])[] | null;
}

/**
 * Finds words in names: as written, or as Chinese is typed, by whole syllables, their first letters or a mixture
 * ("gsdm", "guangshui", "gshuidm" for 广水大门). Each name is taken apart once, each character read once.
 */
export class NameSearch {
  private readonly spelled = new Map<string, Spelled>();
  private readonly read = new Map<string, readonly string[]>();
  private readonly readings: Readings | null;

  /** Without `readings` only what is written is found. */
  constructor(readings: Readings | null = null) {
    this.readings = readings;
  }

  /** `word` is in lower case and has no blanks. */
  finds(name: string, word: string): boolean {
    let spelled = this.spelled.get(name);
    if (spelled === undefined) {
      if (this.spelled.size >= MOST_NAMES) this.spelled.clear();
      spelled = { lower: name.toLowerCase(), syllables: this.syllables(name) };
      this.spelled.set(name, spelled);
    }
    if (spelled.lower.includes(word)) return true;
    return (
      spelled.syllables !== null &&
      word.length <= LONGEST_PINYIN &&
      LATIN.test(word) &&
      spells(spelled.syllables, word)
    );
  }

  private syllables(name: string): (readonly string[])[] | null {
    if (this.readings === null || !HAN.test(name)) return null;
    return [...name.toLowerCase()].filter((each) => each.trim() !== '').map((each) => this.syllable(each));
  }

  private syllable(character: string): readonly string[] {
    let readings = this.read.get(character);
    if (readings === undefined) {
      readings = this.readings !== null && HAN.test(character) ? this.readings(character) : [character];
      this.read.set(character, readings);
    }
    return readings;
  }
}

/**
 * Whether neighbouring syllables begin with parts that make `word` up. Bit n of `reached`: its first n letters are
 * spelled by syllables that end here; so a name of many readings costs no more than its length.
 */
function spells(syllables: readonly (readonly string[])[], word: string): boolean {
  const whole = 1 << word.length;
  let reached = 0;
  for (const readings of syllables) {
    const open = reached | 1;
    reached = 0;
    for (let typed = 0; typed < word.length; typed += 1) {
      if ((open & (1 << typed)) === 0) continue;
      for (const reading of readings) {
        for (let at = 0; at < reading.length && reading[at] === word[typed + at]; at += 1) {
          reached |= 1 << (typed + at + 1);
        }
      }
    }
    if ((reached & whole) !== 0) return true;
  }
  return false;
}
