{{/* What a Camera and the defaults of a CameraSite have in common. */}}
{{- define "snowlight.cameraDefaultsSchema" -}}
cameraClass:
  description: 1 (most important) to 3.
  type: integer
  minimum: 1
  maximum: 3
ownership:
  description: Whose the camera is. PUBLIC, COLLECTIVE, BUSINESS or HOUSEHOLD.
  type: string
  enum: [PUBLIC, COLLECTIVE, BUSINESS, HOUSEHOLD]
owner:
  description: Who owns it.
  type: string
  maxLength: 200
managingUnit:
  description: Who answers for it.
  type: string
  maxLength: 200
operator:
  description: The carrier that operates it.
  type: string
  maxLength: 200
location:
  description: Where it is, WGS 84.
  type: object
  required: [latitude, longitude]
  properties:
    latitude:
      description: Degrees, north positive.
      type: number
      minimum: -90
      maximum: 90
    longitude:
      description: Degrees, east positive.
      type: number
      minimum: -180
      maximum: 180
listedForResidents:
  description: Residents of its region find it in their list.
  type: boolean
audio:
  description: Its sound is recorded.
  type: boolean
enabled:
  description: It is connected to and recorded. A camera that is registered without this is not.
  type: boolean
schedule:
  description: "Weekly recording hours, such as mon-fri 08:00-18:00; sat,sun 00:00-24:00. Empty: always."
  type: string
  maxLength: 200
retentionDays:
  description: "1 to 3650. 0: the retention policy of its class or region decides."
  type: integer
  minimum: 0
  maximum: 3650
dossier:
  description: Entries of the camera's file. Others that the registry has stay.
  type: object
  maxProperties: 64
  additionalProperties:
    type: string
    maxLength: 1024
{{- end }}

{{- define "snowlight.cameraCredentialsSchema" -}}
description: A Secret of this namespace with the label snowlight.io/camera-credentials=true, and where in it user and password are. They are put into all URLs of the camera.
type: object
required: [name]
properties:
  name:
    description: Name of the Secret.
    type: string
    minLength: 1
    maxLength: 253
  usernameKey:
    description: Key of the user's name, as in Secrets of type kubernetes.io/basic-auth.
    type: string
    minLength: 1
    maxLength: 253
    default: username
  passwordKey:
    description: Key of the password.
    type: string
    minLength: 1
    maxLength: 253
    default: password
{{- end }}

{{- define "snowlight.conditionsSchema" -}}
type: array
maxItems: 8
x-kubernetes-list-type: map
x-kubernetes-list-map-keys: [type]
items:
  type: object
  required: [type, status, reason, message, lastTransitionTime]
  properties:
    type:
      type: string
      maxLength: 64
    status:
      type: string
      enum: ["True", "False", Unknown]
    observedGeneration:
      type: integer
      format: int64
    reason:
      type: string
      maxLength: 1024
    message:
      type: string
      maxLength: 32768
    lastTransitionTime:
      type: string
      format: date-time
{{- end }}
