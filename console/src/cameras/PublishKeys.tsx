import { useEffect, useRef, useState, type FormEvent } from 'react';
import { isAbort } from '../api/problem';
import {
  createPublishKey,
  deletePublishKey,
  listPublishKeys,
  type PublishAddresses,
  type PublishKey,
  type PublishKeys as Listed,
} from '../api/publishKeys';
import type { Camera } from '../api/types';
import { IconButton } from '../design/controls';
import { Dialog } from '../design/Dialog';
import { useMessages } from '../i18n/LocaleProvider';
import { dateTimeOf } from '../i18n/zone';
import { ActError } from '../operate/parts';
import { useAct } from '../operate/useAct';
import { useSession } from '../session/SessionProvider';
import './publishKeys.css';

interface PublishKeysProps {
  camera: Camera;
  onClose: () => void;
}

/** The keys with which a camera publishes. A new one is shown here, once, in the addresses to copy. */
export function PublishKeys({ camera, onClose }: PublishKeysProps) {
  const { common, publish: words } = useMessages();
  const { api } = useSession();
  const act = useAct();
  const [listed, setListed] = useState<Listed | null>(null);
  const [made, setMade] = useState('');
  const [label, setLabel] = useState('');

  useEffect(() => {
    const controller = new AbortController();
    void act.run(async () => {
      try {
        setListed(await listPublishKeys(api, camera.name, controller.signal));
      } catch (error) {
        if (!isAbort(error)) throw error;
      }
    });
    return () => controller.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `act` is another at each render
  }, [api, camera.name]);

  const change = (work: () => Promise<unknown>) =>
    act.run(async () => {
      await work();
      setListed(await listPublishKeys(api, camera.name));
    });
  const make = (event: FormEvent) => {
    event.preventDefault();
    void change(async () => {
      setMade((await createPublishKey(api, camera.name, label.trim())).key);
      setLabel('');
    });
  };

  return (
    <Dialog title={words.title(camera.display_name)} onClose={onClose}>
      <div className="dialog-body publish" data-testid="publish-keys">
        <p>{words.hint}</p>
        {made !== '' && listed ? <Addresses addresses={listed.addresses} secret={made} /> : null}
        {listed ? (
          <KeyList
            keys={listed.publish_keys}
            onRemove={(key) => void change(() => deletePublishKey(api, key.name))}
            busy={act.busy}
          />
        ) : null}
        <form className="publish-new" onSubmit={make}>
          <label className="field">
            <span className="field-label">{words.label}</span>
            <input
              data-testid="publish-label"
              value={label}
              maxLength={100}
              autoComplete="off"
              onChange={(event) => setLabel(event.target.value)}
            />
          </label>
          <button type="submit" className="button" data-testid="publish-make" disabled={act.busy}>
            {words.make}
          </button>
        </form>
      </div>
      <footer className="dialog-foot">
        <ActError error={act.error} />
        <button type="button" className="button" data-testid="publish-close" onClick={onClose}>
          {common.close}
        </button>
      </footer>
    </Dialog>
  );
}

function Addresses({ addresses, secret }: { addresses: PublishAddresses; secret: string }) {
  const { publish: words } = useMessages();
  const told = Object.entries(addresses).map(([protocol, address]) => ({
    protocol: protocol.toUpperCase(),
    url: `${String(address)}?key=${secret}`,
  }));
  return (
    <div className="publish-made" role="status">
      <p>{told.length > 0 ? words.once : words.notListening}</p>
      {told.map(({ protocol, url }) => (
        <CopyField key={protocol} label={words.address(protocol)} value={url} />
      ))}
      {told.length === 0 ? <CopyField label={words.keys} value={secret} /> : null}
    </div>
  );
}

function CopyField({ label, value }: { label: string; value: string }) {
  const { publish: words } = useMessages();
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      field.current?.select(); // the browser forbids it: it is copied by hand
    }
  };
  return (
    <div className="publish-new">
      <label className="field">
        <span className="field-label">{label}</span>
        <input
          ref={field}
          className="digits"
          data-testid="publish-address"
          readOnly
          value={value}
          autoComplete="off"
          spellCheck={false}
          onFocus={(event) => event.target.select()}
        />
      </label>
      {/* Absent where the page is not served securely: the field is selected when it is focused. */}
      {'clipboard' in navigator ? (
        <button type="button" className="button" onClick={() => void copy()}>
          {copied ? words.copied : words.copy}
        </button>
      ) : null}
    </div>
  );
}

interface KeyListProps {
  keys: PublishKey[];
  busy: boolean;
  onRemove: (key: PublishKey) => void;
}

function KeyList({ keys, busy, onRemove }: KeyListProps) {
  const { publish: words } = useMessages();
  if (keys.length === 0) return <p className="faint">{words.noKeys}</p>;
  return (
    <>
      <ul className="publish-list" data-testid="publish-list">
        {keys.map((key) => (
          <li key={key.name}>
            <span>{key.display_name || words.unnamed}</span>
            <span className="digits faint">{dateTimeOf(Date.parse(key.create_time))}</span>
            <IconButton
              icon="trash"
              label={words.remove(key.display_name || words.unnamed)}
              data-testid="publish-remove"
              disabled={busy}
              onClick={() => onRemove(key)}
            />
          </li>
        ))}
      </ul>
      <p className="faint">{words.removeHint}</p>
    </>
  );
}
