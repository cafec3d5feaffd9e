import type { ReactNode } from 'react';
import { hrefOf } from '../route';
import { usePrincipal } from '../session/SessionProvider';
import { AuditPage } from './audit/AuditPage';
import { ConsentsPage } from './consent/ConsentsPage';
import { GrantsPage } from './consent/GrantsPage';
import { Dashboard } from './dashboard/Dashboard';
import { entriesFor, type Entry } from './entries';
import { ImportPage } from './imports/ImportPage';
import './operate.css';
import { AccountPage } from './people/AccountPage';
import { PeoplePage } from './people/PeoplePage';
import { SetsPage } from './people/SetsPage';
import { useWords } from './words/useWords';

const PAGES: Record<Entry, () => ReactNode> = {
  dashboard: () => <Dashboard />,
  import: () => <ImportPage />,
  people: () => <PeoplePage />,
  sets: () => <SetsPage />,
  grants: () => <GrantsPage />,
  consents: () => <ConsentsPage />,
  audit: () => <AuditPage />,
  account: () => <AccountPage />,
};

/** Running the system. Loaded when it is first opened. */
export default function OperateScreen({ page }: { page: string }) {
  const words = useWords();
  const principal = usePrincipal();
  const entries = entriesFor(principal);
  const entry = entries.find((each) => each === page) ?? entries[0];
  return (
    <div className="operate">
      <nav className="operate-nav scroll" aria-label={words.nav.label}>
        {entries.map((each) => (
          <a
            key={each}
            href={hrefOf({ screen: 'operate', page: each })}
            aria-current={each === entry ? 'page' : undefined}
            data-testid={`nav-${each}`}
          >
            {words.nav[each]}
          </a>
        ))}
      </nav>
      <div className="operate-page scroll" key={entry}>
        {entry === undefined ? null : (
          <>
            <h1>{words.nav[entry]}</h1>
            {PAGES[entry]()}
          </>
        )}
      </div>
    </div>
  );
}
