import { lazy, Suspense } from 'react';
import { RegistryProvider } from './cameras/RegistryProvider';
import { DayScreen } from './day/DayScreen';
import { BrandMark } from './design/Brand';
import { Notice, Spinner } from './design/controls';
import { Shell } from './design/Shell';
import { useMessages } from './i18n/LocaleProvider';
import { useRoute } from './route';
import { DeviceScreen } from './session/DeviceScreen';
import { useSession } from './session/SessionProvider';
import { SignIn } from './session/SignIn';
import { WallScreen } from './wall/WallScreen';

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
          <Shell>
            <Screen />
          </Shell>
        </RegistryProvider>
      );
  }
}

function Screen() {
  const messages = useMessages();
  const route = useRoute();
  if (route.screen === 'wall') return <WallScreen />;
  if (route.screen === 'device') return <DeviceScreen key={route.userCode} userCode={route.userCode} />;
  if (route.screen === 'operate') {
    return (
      <Suspense fallback={<Spinner label={messages.common.loading} />}>
        <OperateScreen page={route.page} />
      </Suspense>
    );
  }
  return <DayScreen key={`${route.camera} ${route.date ?? ''}`} camera={route.camera} date={route.date} />;
}
