import { useState } from 'react';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { hrefOf } from '../route';
import { useSession } from '../session/SessionProvider';
import './evidence.css';
import { ExportDialog } from './ExportDialog';
import { ExportList } from './ExportList';
import { HoldDialog } from './HoldDialog';
import { HoldList } from './HoldList';

const TABS = ['exports', 'holds'] as const;
const WINDOW_MS = 10 * 60_000;

/** What was taken along, and what is kept past its retention. */
export function EvidenceScreen({ tab }: { tab: 'exports' | 'holds' }) {
  const words = useMessages().take;
  const { clock } = useSession();
  /** The moment at which a dialog was opened. */
  const [opened, setOpened] = useState<number | null>(null);
  const [turn, setTurn] = useState(0);
  const close = () => {
    setOpened(null);
    setTurn((before) => before + 1);
  };
  return (
    <div className="evidence scroll">
      <header className="evidence-head">
        <h1 className="visually-hidden">{words.evidence}</h1>
        <nav className="tabs" aria-label={words.evidence}>
          {TABS.map((each) => (
            <a
              key={each}
              href={hrefOf({ screen: 'evidence', tab: each })}
              data-testid={`tab-${each}`}
              aria-current={tab === each ? 'page' : undefined}
            >
              {words[each]}
            </a>
          ))}
        </nav>
        <button
          type="button"
          className="button button-primary"
          data-testid={tab === 'exports' ? 'new-export' : 'new-hold'}
          onClick={() => setOpened(clock.now() - 1000)}
        >
          <Icon name="plus" size={16} /> {tab === 'exports' ? words.newExport : words.newHold}
        </button>
      </header>
      {tab === 'exports' ? <ExportList key={turn} /> : <HoldList key={turn} />}
      {opened !== null && tab === 'exports' ? (
        <ExportDialog cameras={[]} start={opened - WINDOW_MS} end={opened} onClose={close} />
      ) : null}
      {opened !== null && tab === 'holds' ? (
        <HoldDialog cameras={[]} start={opened - WINDOW_MS} end={opened} onClose={close} />
      ) : null}
    </div>
  );
}
