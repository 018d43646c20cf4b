"""messaging: conversations, the case conversation that every order brings with it, and the store of files."""

from contracts.messaging.announcements import *
from contracts.messaging.audit import *
from contracts.messaging.conversations import *
from contracts.messaging.directives import *
from contracts.messaging.files import *
from contracts.messaging.keeping import *
from contracts.messaging.messages import *
