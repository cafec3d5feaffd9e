import { useState } from 'react';
import { createConsent, OPENINGS, type Audience, type Opening } from '../../api/consent';
import { LINES } from '../../api/people';
import { useRegistry } from '../../cameras/RegistryProvider';
import { Field } from '../../design/Field';
import { useMessages } from '../../i18n/LocaleProvider';
import { useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { Checks, ChoiceField, TextField } from '../fields';
import { rfc3339Of } from '../instants';
import { RegionOptions } from '../parts';
import { useWords } from '../words/useWords';
import { CameraPick } from './CameraPick';

type To = 'line' | 'organisation' | 'principal';

/** An owner opens their camera, or an admin records the owner's signed paper. */
export function ConsentEditor({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const messages = useMessages();
  const words = useWords().consent;
  const { api } = useSession();
  const { regions } = useRegistry();
  const [cameras, setCameras] = useState<string[]>([]);
  const [to, setTo] = useState<To>('line');
  const [line, setLine] = useState('POLICE');
  const [region, setRegion] = useState('');
  const [whom, setWhom] = useState('');
  const [actions, setActions] = useState<Opening[]>(['live']);
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [end, setEnd] = useState('');
  const [paper, setPaper] = useState('');
  const send = async () => {
    const audience: Audience =
      to === 'line'
        ? { line: line.toLowerCase(), region: region || (regions[0]?.name ?? '') }
        : { [to]: whom.trim() };
    await createConsent(api, {
      camera: cameras[0] ?? '',
      audience,
      actions,
      end_time: rfc3339Of(end),
      ...(from === '' ? {} : { hours_from: from }),
      ...(until === '' ? {} : { hours_to: until }),
      ...(paper.trim() === '' ? {} : { paper_reference: paper.trim() }),
    });
    onDone();
  };
  return (
    <ActDialog title={words.record} submit={words.record} onClose={onClose} onSubmit={send}>
      <CameraPick
        single
        label={words.camera}
        chosen={cameras}
        onChange={(chosen) => setCameras(chosen.slice(-1))}
      />
      <ChoiceField
        label={words.audience}
        value={to}
        options={(['line', 'organisation', 'principal'] as const).map((each) => [
          each,
          words.audiences[each],
        ])}
        onChange={setTo}
      />
      {to === 'line' ? (
        <>
          <ChoiceField
            label={words.audiences.line}
            value={line}
            options={LINES.filter((each) => each !== 'CARRIER').map((each) => [
              each,
              messages.shell.lines[each] ?? each,
            ])}
            onChange={setLine}
          />
          <Field label={words.region} wide>
            {(ids) => (
              <select {...ids} value={region} onChange={(event) => setRegion(event.target.value)}>
                <RegionOptions />
              </select>
            )}
          </Field>
        </>
      ) : (
        <TextField label={words.audiences[to]} value={whom} onChange={setWhom} required />
      )}
      <Checks
        legend={words.opens}
        chosen={actions}
        options={OPENINGS.map((action) => [action, words.openings[action]])}
        onChange={setActions}
      />
      <TextField label={words.hoursFrom} type="time" value={from} onChange={setFrom} hint={words.hoursHint} />
      <TextField label={words.hoursTo} type="time" value={until} onChange={setUntil} />
      <TextField
        label={words.until}
        type="datetime-local"
        value={end}
        onChange={setEnd}
        hint={words.yearAtMost}
        testId="consent-end"
        required
      />
      <TextField
        label={words.paper}
        hint={words.paperHint}
        value={paper}
        onChange={setPaper}
        testId="consent-paper"
      />
    </ActDialog>
  );
}
