import { lazy, Suspense } from 'react';
import { FavouritesProvider } from './cameras/FavouritesProvider';
import { RegistryProvider } from './cameras/RegistryProvider';
import { BrandMark } from './design/Brand';
import { Notice, Spinner } from './design/controls';
import { Shell } from './design/Shell';
import { useMessages } from './i18n/LocaleProvider';
import { useRoute } from './route';
import { DeviceScreen } from './session/DeviceScreen';
import { useSession } from './session/SessionProvider';
import { SignIn } from './session/SignIn';
import { WallScreen } from './wall/WallScreen';

// It brings hls.js along, which the wall does without.
const DayScreen = lazy(() =>
  import('./day/DayScreen').then(({ DayScreen: screen }) => ({ default: screen })),
);

const FindScreen = lazy(() =>
  import('./find/FindScreen').then(({ FindScreen: screen }) => ({ default: screen })),
);
const EvidenceScreen = lazy(() =>
  import('./evidence/EvidenceScreen').then(({ EvidenceScreen: screen }) => ({ default: screen })),
);
const OperateScreen = lazy(() => import('./operate/OperateScreen'));

export function App() {
  const messages = useMessages();
  const { state, retry } = useSession();
  switch (state.phase) {
    case 'starting':
      return (
        <main className="splash">
          <BrandMark size={56} />
          <Spinner label={messages.common.loading} />
        </main>
      );
    case 'unreachable':
      return (
        <main className="splash">
          <Notice
            icon="link"
            tone="bad"
            title={messages.common.serverAway}
            hint={messages.common.serverAwayHint}
          >
            <button type="button" className="button button-primary" onClick={retry}>
              {messages.common.retry}
            </button>
          </Notice>
        </main>
      );
    case 'signed-out':
      return <SignIn expired={state.expired} />;
    case 'signed-in':
      return (
        <RegistryProvider key={state.principal.name}>
          <FavouritesProvider>
            <Shell>
              <Screen />
            </Shell>
          </FavouritesProvider>
        </RegistryProvider>
      );
  }
}

function Screen() {
  const route = useRoute();
  if (route.screen === 'wall') return <WallScreen />;
  if (route.screen === 'device') return <DeviceScreen key={route.userCode} userCode={route.userCode} />;
  if (route.screen === 'find') {
    return (
      <Suspense fallback={<Opening />}>
        <FindScreen query={route.query} />
      </Suspense>
    );
  }
  if (route.screen === 'evidence') {
    return (
      <Suspense fallback={<Opening />}>
        <EvidenceScreen tab={route.tab} />
      </Suspense>
    );
  }
  if (route.screen === 'operate') {
    return (
      <Suspense fallback={<Opening />}>
        <OperateScreen page={route.page} />
      </Suspense>
    );
  }
  return (
    <Suspense fallback={<Opening />}>
      <DayScreen key={`${route.camera} ${route.date ?? ''}`} camera={route.camera} date={route.date} />
    </Suspense>
  );
}

function Opening() {
  const messages = useMessages();
  return (
    <div className="splash">
      <Spinner label={messages.common.loading} />
    </div>
  );
}
