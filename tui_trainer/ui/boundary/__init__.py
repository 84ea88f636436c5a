"""Parts of the Boundary tab: its picture, its curve, and the small pictures beside them."""
