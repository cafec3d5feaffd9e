import { useState } from 'react';
import { isAway, isForbidden, Problem } from '../api/problem';
import { useMessages } from '../i18n/LocaleProvider';

export interface Submission {
  busy: boolean;
  /** What was refused, where the answer named no field of the form. */
  problem: string | null;
  /** What is wrong with a field, as the server or the form itself says. */
  faultOf: (field: string) => string | undefined;
  setFaults: (faults: Record<string, string>) => void;
  /** False when it was refused. */
  run: (work: () => Promise<void>) => Promise<boolean>;
}

/** Sends a form whose fields are named as the request's members. */
export function useSubmission(fields: readonly string[]): Submission {
  const { common, take } = useMessages();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const tell = (error: unknown) => {
    if (isAway(error)) return setProblem(common.serverAway);
    if (isForbidden(error)) return setProblem(take.forbidden);
    if (!(error instanceof Problem)) throw error;
    const field = error.field.replace(/\[\d+\]$/, '');
    if (fields.includes(field)) setFaults({ [field]: error.message });
    else setProblem(common.failed(error.message));
  };
  return {
    busy,
    problem,
    faultOf: (field) => faults[field],
    setFaults,
    run: async (work) => {
      setBusy(true);
      setProblem(null);
      setFaults({});
      try {
        await work();
        return true;
      } catch (error) {
        tell(error);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
