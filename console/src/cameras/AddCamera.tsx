import { useState } from 'react';
import { createCamera } from '../api/cameras';
import { IconButton } from '../design/controls';
import { Dialog } from '../design/Dialog';
import { FindCameras } from '../discover/FindCameras';
import { useMessages } from '../i18n/LocaleProvider';
import { useSession } from '../session/SessionProvider';
import { CameraEditor } from './CameraEditor';
import { draftOf, NEW_CAMERA } from './draft';
import { useRegistry } from './RegistryProvider';

export function AddCamera() {
  const messages = useMessages();
  const { api } = useSession();
  const { reload, mayManage } = useRegistry();
  const [open, setOpen] = useState(false);
  const [finding, setFinding] = useState(false);
  if (!mayManage && !open) return null;
  return (
    <>
      <IconButton
        icon="plus"
        label={messages.tree.add}
        data-testid="camera-add"
        onClick={() => {
          setFinding(false);
          setOpen(true);
        }}
      />
      {open && finding ? (
        <Dialog key="find" title={messages.discover.title} onClose={() => setOpen(false)}>
          <FindCameras onCancel={() => setFinding(false)} onRegistered={reload} />
        </Dialog>
      ) : null}
      {open && !finding ? (
        <Dialog key="add" title={messages.camera.add} onClose={() => setOpen(false)}>
          <div className="dialog-body found-offer">
            <button
              type="button"
              className="button"
              data-testid="discover-open"
              onClick={() => setFinding(true)}
            >
              {messages.discover.find}
            </button>
          </div>
          <CameraEditor
            initial={NEW_CAMERA}
            isNew
            onCancel={() => setOpen(false)}
            onSave={async (form) => {
              await createCamera(api, form.camera_id, draftOf(form));
              setOpen(false);
              reload();
            }}
          />
        </Dialog>
      ) : null}
    </>
  );
}
