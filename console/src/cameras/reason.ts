import type { Messages } from '../i18n/messages';

/** "camera.auth_failed: 401 after Digest" -> the catalogue's sentence and the technical rest. */
export function explainReason(reason: string, messages: Messages): { sentence: string; rest: string } {
  const colon = reason.indexOf(':');
  const code = (colon === -1 ? reason : reason.slice(0, colon)).trim();
  const rest = colon === -1 ? '' : reason.slice(colon + 1).trim();
  const sentence = messages.reasons[code];
  return sentence === undefined ? { sentence: reason, rest: '' } : { sentence, rest };
}

/** One line, for tooltips. */
export function reasonLine(reason: string, messages: Messages): string {
  const { sentence, rest } = explainReason(reason, messages);
  return rest === '' ? sentence : `${sentence} (${rest})`;
}
