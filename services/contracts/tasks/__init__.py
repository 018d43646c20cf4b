"""tasks: what was ordered, to whom, by when, and where it stands."""

from contracts.tasks.assigning import *
from contracts.tasks.assignments import *
from contracts.tasks.corrections import *
from contracts.tasks.documents import *
from contracts.tasks.drafts import *
from contracts.tasks.events import *
from contracts.tasks.extensions import *
from contracts.tasks.files import *
from contracts.tasks.imports import *
from contracts.tasks.moves import *
from contracts.tasks.orders import *
from contracts.tasks.progress import *
from contracts.tasks.proposals import *
from contracts.tasks.seeing import *
from contracts.tasks.superior import *
from contracts.tasks.templates import *
from contracts.tasks.urgings import *
