import { useEffect, useRef, useState, type FormEvent } from 'react';
import { isAway, Problem } from '../api/problem';
import { BrandMark } from '../design/Brand';
import { IconButton } from '../design/controls';
import { Icon } from '../design/icons';
import { LanguageSwitch } from '../design/LanguageSwitch';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';
import { useSession } from './SessionProvider';
import './sign-in.css';

export function SignIn({ expired }: { expired: boolean }) {
  const messages = useMessages();
  return (
    <div className="sign-in-page">
      <Panorama />
      <div className="sign-in-language">
        <LanguageSwitch />
      </div>
      <main className="sign-in-card">
        <header className="sign-in-brand">
          <BrandMark size={52} />
          <div>
            <h1>{messages.brand.product}</h1>
            <p>{messages.brand.line}</p>
          </div>
        </header>
        <SignInForm expired={expired} />
        <p className="sign-in-notice">
          <Icon name="lock" size={15} />
          <span>{messages.signIn.notice}</span>
        </p>
      </main>
    </div>
  );
}

function SignInForm({ expired }: { expired: boolean }) {
  const messages = useMessages();
  const { signIn } = useSession();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  /** Null until the server says that the password is a temporary one. */
  const [chosen, setChosen] = useState<string | null>(null);
  const newField = useRef<HTMLInputElement>(null);
  const mustChange = chosen !== null;
  useEffect(() => {
    if (mustChange) newField.current?.focus();
  }, [mustChange]);
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(expired ? messages.signIn.expired : null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (username.trim() === '' || password === '') {
      setError(messages.signIn.missing);
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(username.trim(), password, chosen ?? '');
    } catch (problem) {
      if (isTemporary(problem)) setChosen(chosen ?? '');
      setError(explain(problem, messages));
      setBusy(false);
    }
  };

  return (
    <form className="sign-in-form" data-testid="sign-in" noValidate onSubmit={(event) => void submit(event)}>
      <label className="field">
        <span className="field-label">{messages.signIn.username}</span>
        <input
          data-testid="username"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={username}
          aria-invalid={error !== null}
          aria-describedby="sign-in-error"
          onChange={(event) => {
            setUsername(event.target.value);
            setChosen(null);
          }}
        />
      </label>
      <div className="field">
        <label className="field-label" htmlFor="password">
          {messages.signIn.password}
        </label>
        <span className="password-box">
          <input
            id="password"
            data-testid="password"
            name="password"
            type={shown ? 'text' : 'password'}
            autoComplete="current-password"
            value={password}
            aria-invalid={error !== null}
            aria-describedby="sign-in-error"
            onChange={(event) => setPassword(event.target.value)}
          />
          <IconButton
            icon="eye"
            label={shown ? messages.signIn.hide : messages.signIn.show}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          />
        </span>
      </div>
      {chosen === null ? null : (
        <label className="field">
          <span className="field-label">{messages.signIn.newPassword}</span>
          <input
            data-testid="new-password"
            name="new-password"
            type={shown ? 'text' : 'password'}
            autoComplete="new-password"
            ref={newField}
            value={chosen}
            aria-describedby="sign-in-error"
            onChange={(event) => setChosen(event.target.value)}
          />
        </label>
      )}
      <p id="sign-in-error" className="sign-in-error" role="alert">
        {error === null ? null : (
          <span data-testid="sign-in-error">
            <Icon name="alert" size={16} /> {error}
          </span>
        )}
      </p>
      <button
        type="submit"
        className="button button-primary button-wide"
        data-testid="sign-in-submit"
        disabled={busy}
      >
        {busy ? messages.signIn.submitting : messages.signIn.submit}
      </button>
    </form>
  );
}

function isTemporary(problem: unknown): boolean {
  return problem instanceof Problem && problem.code === 'auth.password_must_change';
}

function explain(problem: unknown, messages: Messages): string {
  if (isAway(problem)) return messages.signIn.unreachable;
  if (isTemporary(problem)) return messages.signIn.mustChange;
  if (problem instanceof Problem) {
    if (problem.field === 'new_password') return messages.common.failed(problem.message);
    if (problem.status === 400 || problem.status === 401) return messages.signIn.wrong;
    if (problem.status === 429) return messages.signIn.locked;
    return messages.common.failed(problem.message);
  }
  throw problem;
}

/** Night over a county: hills, village lights and the beams that watch over them. */
function Panorama() {
  return (
    <svg className="panorama" viewBox="0 0 1600 900" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
      <defs>
        <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
          <stop stopColor="#040a16" />
          <stop offset="0.62" stopColor="#0a2348" />
          <stop offset="1" stopColor="#13477f" />
        </linearGradient>
        <linearGradient id="beam" x1="0" y1="1" x2="0" y2="0">
          <stop stopColor="#8fdcff" stopOpacity="0.26" />
          <stop offset="1" stopColor="#8fdcff" stopOpacity="0" />
        </linearGradient>
      </defs>
      <rect width="1600" height="900" fill="url(#sky)" />
      {STARS.map(([x, y, r]) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r={r} fill="#d8f1ff" opacity="0.55" />
      ))}
      <path d="M0 640 180 560l150 60 210-130 190 110 180-90 230 120 170-100 290 110v260H0z" fill="#0b2b55" />
      <path d="M0 720l240-70 200 60 260-100 230 90 220-60 210 70 240-50v240H0z" fill="#08203f" />
      <path d="M0 800l300-60 260 50 300-70 300 70 440-60v170H0z" fill="#051529" />
      {LIGHTS.map(([x, y]) => (
        <g key={`${x} ${y}`}>
          <circle cx={x} cy={y} r="9" fill="#ffd98a" opacity="0.16" />
          <circle cx={x} cy={y} r="2.2" fill="#ffe3a6" />
        </g>
      ))}
      <path d="M330 742 140 250h190zM1190 720l80-500h200z" fill="url(#beam)" />
      <circle cx="330" cy="742" r="5" fill="#dff5ff" />
      <circle cx="1190" cy="720" r="5" fill="#dff5ff" />
    </svg>
  );
}

const STARS: [number, number, number][] = [
  [120, 110, 1.4], [260, 60, 1], [410, 170, 1.2], [560, 80, 1.6], [700, 210, 1], [830, 60, 1.2], [960, 150, 1.5],
  [1090, 90, 1], [1240, 60, 1.3], [1390, 140, 1.1], [1500, 70, 1.6], [80, 300, 1], [640, 330, 1.1], [1010, 300, 1],
  [1540, 280, 1.2], [470, 360, 1], [1320, 350, 1],
]; // prettier-ignore

const LIGHTS: [number, number][] = [
  [90, 792], [150, 776], [210, 784], [390, 770], [450, 782], [520, 790], [640, 772], [700, 764], [760, 756],
  [880, 742], [940, 754], [1010, 768], [1080, 778], [1290, 760], [1360, 752], [1440, 748], [1520, 742], [270, 690],
  [610, 668], [980, 676], [1150, 690], [1480, 690],
]; // prettier-ignore
