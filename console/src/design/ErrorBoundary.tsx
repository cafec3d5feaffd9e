import { Component, type ErrorInfo, type ReactNode } from 'react';
import { useMessages } from '../i18n/LocaleProvider';
import { Notice } from './controls';

interface ErrorBoundaryProps {
  children: ReactNode;
}

/** What is shown when the console itself breaks, instead of an empty page. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const messages = useMessages();
  return (
    <main className="splash">
      <Notice icon="alert" tone="bad" title={messages.common.broken} hint={messages.common.brokenHint}>
        <button type="button" className="button button-primary" onClick={() => window.location.reload()}>
          {messages.common.reload}
        </button>
      </Notice>
    </main>
  );
}
