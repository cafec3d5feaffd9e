import { pinyin } from 'pinyin-pro';

/** A module of its own because its dictionary is large: it is loaded when somebody turns to the search. */
export function readingsOf(character: string): readonly string[] {
  return [...new Set(pinyin(character, { multiple: true, toneType: 'none', type: 'array', v: true }))];
}
