"""``python -m widgets``: every widget in every state."""

import sys

from widgets.gallery import main

sys.exit(main())
