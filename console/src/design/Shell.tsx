import { useEffect, useState, type ReactNode } from 'react';
import { useRegistry } from '../cameras/RegistryProvider';
import { useMessages } from '../i18n/LocaleProvider';
import { dateTimeOf } from '../i18n/zone';
import { hrefOf, useRoute } from '../route';
import { usePrincipal, useSession } from '../session/SessionProvider';
import { BrandMark } from './Brand';
import { Icon } from './icons';
import { LanguageSwitch } from './LanguageSwitch';
import './shell.css';

/** The frame around every screen behind the sign-in. */
export function Shell({ children }: { children: ReactNode }) {
  const messages = useMessages();
  const { stale } = useRegistry();
  return (
    <div className="shell">
      <a className="skip-link" href="#content" onClick={(event) => focusContent(event)}>
        {messages.common.skipToContent}
      </a>
      <header className="topbar">
        <a
          className="brand"
          href={hrefOf({ screen: 'wall' })}
          aria-label={`雪亮 Snowlight, ${messages.shell.wall}`}
        >
          <BrandMark size={30} />
          <span className="brand-name">雪亮</span> <span className="brand-latin">Snowlight</span>
        </a>
        <OnlineCount />
        <span className="topbar-space" />
        <TakeLinks />
        <OperateLink />
        <PlatformClock />
        <LanguageSwitch />
        <Account />
      </header>
      {stale ? (
        <p className="stale-bar" role="status">
          <Icon name="link" size={16} /> {messages.common.stale}
        </p>
      ) : null}
      <main id="content" className="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** The hash is the route, so the skip link moves the focus itself. */
function focusContent(event: { preventDefault: () => void }) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function TakeLinks() {
  const words = useMessages().take;
  const { screen } = useRoute();
  return (
    <>
      <a
        className="quiet-button"
        data-testid="nav-find"
        href={hrefOf({ screen: 'find', query: '' })}
        aria-current={screen === 'find' ? 'page' : undefined}
        aria-label={words.find}
        title={words.find}
      >
        <Icon name="map" size={16} />
        <span className="topbar-label">{words.find}</span>
      </a>
      <a
        className="quiet-button"
        data-testid="nav-evidence"
        href={hrefOf({ screen: 'evidence', tab: 'exports' })}
        aria-current={screen === 'evidence' ? 'page' : undefined}
        aria-label={words.evidence}
        title={words.evidence}
      >
        <Icon name="take" size={16} />
        <span className="topbar-label">{words.evidence}</span>
      </a>
    </>
  );
}

/** Everybody has an account at least, and auditors have nothing but what is behind this. */
function OperateLink() {
  const messages = useMessages();
  const isHere = useRoute().screen === 'operate';
  return (
    <a
      className="quiet-button"
      data-testid="operate"
      href={hrefOf({ screen: 'operate', page: '' })}
      aria-current={isHere ? 'page' : undefined}
      aria-label={messages.operate.enter}
      title={messages.operate.enter}
    >
      <Icon name="chart" size={16} />
      <span className="topbar-label">{messages.operate.enter}</span>
    </a>
  );
}

function OnlineCount() {
  const messages = useMessages();
  const { cameras, phase } = useRegistry();
  if (phase !== 'ready') return null;
  const online = cameras.filter((camera) => camera.state === 'ONLINE').length;
  return (
    <span className="online-count" title={messages.tree.onlineOf(online, cameras.length)}>
      <i className="state-dot" data-state="online" aria-hidden="true" />
      <b>{online}</b>
      <span className="faint">/ {cameras.length}</span> {messages.shell.online}
    </span>
  );
}

function PlatformClock() {
  const { clock } = useSession();
  const messages = useMessages();
  const [now, setNow] = useState(clock.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), 500);
    return () => clearInterval(timer);
  }, [clock]);
  return (
    <time className="platform-clock" title={messages.shell.serverTime} dateTime={new Date(now).toISOString()}>
      {dateTimeOf(now)}
    </time>
  );
}

function Account() {
  const messages = useMessages();
  const { signOut } = useSession();
  const principal = usePrincipal();
  const about = [
    messages.shell.lines[principal.line],
    ...principal.roles.map((role) => messages.shell.roles[role] ?? role),
  ].filter(Boolean);
  return (
    <div className="account">
      <span className="account-name" title={about.join(' · ')}>
        <Icon name="user" size={16} />
        <span>{principal.display_name || principal.name}</span>
        <span className="account-about">{about.join(' · ')}</span>
      </span>
      <button
        type="button"
        className="quiet-button"
        data-testid="sign-out"
        aria-label={messages.shell.signOut}
        title={messages.shell.signOut}
        onClick={() => void signOut().catch(() => undefined)}
      >
        <Icon name="signOut" size={16} />
      </button>
    </div>
  );
}
