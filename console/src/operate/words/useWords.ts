import type { Locale } from '../../i18n/locale';
import { useLocale } from '../../i18n/LocaleProvider';
import { en } from './en';
import { zhCN } from './zh-CN';

/** Every sentence of these screens. The other catalogue does not compile when it lacks one. */
export type Words = typeof en;

const CATALOGUES: Record<Locale, Words> = { 'zh-CN': zhCN, en };

export function useWords(): Words {
  return CATALOGUES[useLocale().locale];
}
