export const LOCALES = ['zh-CN', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** A stored choice wins; otherwise Chinese for a Chinese browser and English for any other. */
export function chooseLocale(stored: string | null, browserLanguage: string): Locale {
  const choice = LOCALES.find((locale) => locale === stored);
  if (choice) return choice;
  return /^zh\b/i.test(browserLanguage) ? 'zh-CN' : 'en';
}
