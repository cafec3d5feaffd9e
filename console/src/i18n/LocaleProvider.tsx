import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en } from './en';
import { chooseLocale, type Locale } from './locale';
import type { Messages } from './messages';
import { zhCN } from './zh-CN';

const STORAGE_KEY = 'snowlight.locale';
const CATALOGUES: Record<Locale, Messages> = { 'zh-CN': zhCN, en };

interface LocaleContextValue {
  locale: Locale;
  messages: Messages;
  setLocale: (locale: Locale) => void;
}

const LocaleContext = createContext<LocaleContextValue | null>(null);

export function LocaleProvider({ children }: { children: ReactNode }) {
  const [locale, setLocale] = useState<Locale>(() =>
    chooseLocale(localStorage.getItem(STORAGE_KEY), navigator.language),
  );
  const messages = CATALOGUES[locale];

  useEffect(() => {
    document.documentElement.lang = locale;
    document.title = locale === 'en' ? messages.brand.name : '雪亮 Snowlight';
  }, [locale, messages]);

  const value = useMemo<LocaleContextValue>(
    () => ({
      locale,
      messages,
      setLocale: (next) => {
        localStorage.setItem(STORAGE_KEY, next);
        setLocale(next);
      },
    }),
    [locale, messages],
  );
  return <LocaleContext value={value}>{children}</LocaleContext>;
}

export function useLocale(): LocaleContextValue {
  const value = useContext(LocaleContext);
  if (value === null) throw new Error('useLocale outside of LocaleProvider');
  return value;
}

export function useMessages(): Messages {
  return useLocale().messages;
}
