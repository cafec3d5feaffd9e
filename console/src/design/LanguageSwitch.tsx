import { LOCALES } from '../i18n/locale';
import { useLocale } from '../i18n/LocaleProvider';
import { Icon } from './icons';

const NAMES = { 'zh-CN': '中文', en: 'English' } as const;

/** Shows the other language in its own words and switches to it. */
export function LanguageSwitch() {
  const { locale, setLocale, messages } = useLocale();
  const other = LOCALES.find((each) => each !== locale) ?? locale;
  return (
    <button
      type="button"
      className="quiet-button"
      data-testid="language"
      data-locale={locale}
      title={messages.common.language}
      onClick={() => setLocale(other)}
    >
      <Icon name="globe" size={16} />
      <span lang={other}>{NAMES[other]}</span>
    </button>
  );
}
