from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0002_contact_opportunity")]

    operations = [
        migrations.RemoveConstraint(model_name="assignment", name="assignment_overlay_once"),
        migrations.AlterField(
            model_name="assignment",
            name="role",
            field=models.CharField(
                choices=[("owner", "Owner"), ("overlay", "Overlay"), ("ended", "Overlay ends")],
                default="owner",
                max_length=8,
                verbose_name="role",
            ),
        ),
        migrations.AlterField(
            model_name="historicalassignment",
            name="role",
            field=models.CharField(
                choices=[("owner", "Owner"), ("overlay", "Overlay"), ("ended", "Overlay ends")],
                default="owner",
                max_length=8,
                verbose_name="role",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "owner"), _negated=True),
                fields=("territory", "person", "starts_on"),
                name="assignment_overlay_once",
            ),
        ),
    ]
